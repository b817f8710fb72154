"""Evidence over windows: which streams a rule watches, what a window says of each, who may alert.

Pure functions, one engine query (`panels`) and what waits for people. Nothing is written here.
"""
