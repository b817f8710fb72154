"""Levers that reach beyond this database: what a target is told, and how it is read back."""
