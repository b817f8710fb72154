"""Drills, pure: which steps one runs, what it measures, how it is judged, when it is due again."""
