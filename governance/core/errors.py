"""Errors as sentences for the person who can act; the doors turn them into pages and problems."""

from __future__ import annotations

UNSTORABLE = "A value of this request is beyond what can be stored, such as a zero byte in a text."


class DomainError(Exception):
    """A refusal by a rule of the product. `sentence` says what was wrong and what to do."""

    status = 422
    title = "The request cannot be carried out"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotPermitted(DomainError):
    status = 403
    title = "Not permitted"


class NotFound(DomainError):
    status = 404
    title = "Not found"


class Conflict(DomainError):
    status = 409
    title = "Conflict with the present state"


class PreconditionFailed(DomainError):
    status = 412
    title = "Changed in the meantime"


class Invalid(DomainError):
    status = 422
    title = "Invalid input"
