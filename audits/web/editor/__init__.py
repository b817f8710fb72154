"""The plan editor: one form from question to schedule, and what it foresees before it saves."""
