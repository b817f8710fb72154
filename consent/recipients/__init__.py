"""Recipients of people's data: told of a withdrawal or an erasure, and asked to confirm."""
