"""The fast path: checks answered from a shared table that holds committed state or a doubt."""
