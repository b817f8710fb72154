"""Promises of people: roles, keys, sign-in and the permission table."""
