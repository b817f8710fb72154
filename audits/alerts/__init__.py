"""Evidence over windows: which streams a rule watches, what a window says of each, who may alert.

Pure functions and one engine query (`panels`). Rows, messages and holds are not known here.
"""
