"""The person themselves as an actor: who opened a page with a subject token."""

from __future__ import annotations

from dataclasses import dataclass

from consent.tokens import SubjectToken


@dataclass(frozen=True)
class TokenActor:
    """A data subject acting for themselves; they may write their own choices, nothing else."""

    token: SubjectToken
    kind: str = "person"
    display: str = "The person themselves"
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    system_keys: frozenset[str] | None = frozenset()

    @property
    def reference(self) -> str:
        return f"subject-token:{self.token.jti}"

    def may(self, action: str) -> bool:
        return action == "consent.write"
