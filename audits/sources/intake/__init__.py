"""Connecting a source: look at a file, say what its columns mean, take it in under the roles."""
