"""Post-mortems: what they ask, what is filled in from the record, and how they are frozen."""
