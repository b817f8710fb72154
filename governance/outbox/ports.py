"""The address book: who is meant by a recipient reference. Implemented by the room of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Address:
    """A person who can be told something."""

    reference: str  # "user:<uuid>"
    name: str = ""
    email: str = ""


class AddressBook(Protocol):
    """Resolves "user:<id>", "role:<role>" and "role:<role>@<system_key>" at the time of sending."""

    def resolve(self, recipient: str) -> Sequence[Address]: ...


_book: AddressBook | None = None


def register_address_book(book: AddressBook) -> None:
    global _book
    _book = book


def registered_address_book() -> AddressBook:
    if _book is None:
        raise LookupError("No room has registered an address book.")
    return _book
