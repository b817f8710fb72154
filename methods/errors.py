"""The one error a person can repair: what they handed in cannot be audited as it is.

Faults of the program are not here; they stay ordinary exceptions with a traceback.
"""


class BadInput(ValueError):
    """The data, a column, a parameter or a limit is not usable; the text is one clear sentence."""
