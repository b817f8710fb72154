"""A bound form that keeps its judgement to itself until it is asked to judge.

The editor is drawn again whenever another method or source is chosen: what was typed stays, but
nobody is told of errors in a form he has not finished.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.utils import ErrorDict


class QuietForm(forms.Form):
    """`quiet=True` shows what was typed and no error."""

    def __init__(self, *args: Any, quiet: bool = False, **kwargs: Any) -> None:
        self.quiet = quiet
        super().__init__(*args, **kwargs)

    @property
    def errors(self) -> ErrorDict:
        return ErrorDict() if self.quiet else super().errors


def text(**attributes: Any) -> forms.TextInput:
    """A one-line field without the browser's guesses."""
    return forms.TextInput(attrs={"autocomplete": "off", **attributes})
