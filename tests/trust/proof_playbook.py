"""The generic playbook with one more step, which tells a place outside: what the proofs walk along.

Pure: the text that an administrator would import, and its steps in order.
"""

from __future__ import annotations

from incidents.choices import Kind
from incidents.playbook.files import BUILTIN, GENERIC, read_playbook

OUTSIDE = """\
  - key: tell-shop
    part: notify
    type: webhook
    title: Tell the shop
    instruction: The shop hears of the incident and answers for what it serves.
    role: incident_commander
    automatic: true
    params: {endpoint: %s}
"""
_BEFORE = "  - key: facts\n"


def proof_playbook(endpoint: str) -> str:
    """Return it as YAML, for incidents of eroded consent and told to this endpoint."""
    generic = (BUILTIN / f"{GENERIC}.yaml").read_text("utf-8")
    own = generic.replace(f"key: {GENERIC}\n", f"key: proof\nkinds: [{Kind.CONSENT}]\n", 1)
    text = own.replace(_BEFORE, OUTSIDE % endpoint + _BEFORE, 1)
    assert text.count("\n  - key: ") == generic.count("\n  - key: ") + 1
    return text


_STEPS = read_playbook(proof_playbook("any")).steps
STEPS = [step.key for step in _STEPS]
AUTOMATIC = [step.key for step in _STEPS if step.automatic]
