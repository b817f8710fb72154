"""The decision: may this system personalise for this person, and why. Pure: no Django, no I/O."""
