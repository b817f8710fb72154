"""What is said about an incident, pure: templates, the words around a text, and the cadence."""
