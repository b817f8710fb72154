"""The event stream: tells listeners that their flags changed. What changed it never says."""
