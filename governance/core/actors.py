"""Who acts: a person, an API key or the system itself, seen without a relation to users."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


class Actor(Protocol):
    """What services and selectors may know about the one who acts."""

    @property
    def kind(self) -> str: ...  # person | api_key | system

    @property
    def reference(self) -> str: ...  # "user:<uuid>" | "key:<prefix>" | "system:<name>"

    @property
    def display(self) -> str: ...

    @property
    def roles(self) -> frozenset[str]: ...

    @property
    def scopes(self) -> frozenset[str]: ...

    @property
    def system_keys(self) -> frozenset[str] | None: ...  # None: every system

    def may(self, action: str) -> bool: ...


@dataclass(frozen=True)
class SystemActor:
    """The product acting by itself: receivers, tasks, the sequencer."""

    name: str
    kind: str = "system"
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    system_keys: frozenset[str] | None = field(default=None)

    @property
    def reference(self) -> str:
        return f"system:{self.name}"

    @property
    def display(self) -> str:
        return f"Tactful ({self.name})"

    def may(self, action: str) -> bool:
        return True
