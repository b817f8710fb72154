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


_books: dict[str, AddressBook] = {}


def register_address_book(book: AddressBook) -> None:
    _books["people"] = book


def registered_address_book() -> AddressBook:
    try:
        return _books["people"]
    except KeyError:
        raise LookupError("No room has registered an address book.") from None
