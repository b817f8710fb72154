"""Clocks that the law starts: their periods, their sources, and the forms they ask for."""
