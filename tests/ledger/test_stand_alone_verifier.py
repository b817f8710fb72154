"""The verifier an outsider runs: without Django, from one file, with the key they were given."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import transaction

from governance.core.actors import SystemActor
from governance.ledger.bundle import bundle_lines
from governance.ledger.keys import own_verifier_key
from governance.ledger.models import Checkpoint
from governance.ledger.proofs import inclusion_proof
from governance.ledger.sequencer import sequence_once
from governance.ledger.services import record_entry

pytestmark = pytest.mark.django_db(transaction=True)

VERIFIER = Path(__file__).parents[2] / "docs" / "verify_tactful.py"


@pytest.fixture
def bundle() -> list[str]:
    for count in (3, 4, 6):
        for number in range(count):
            with transaction.atomic():
                record_entry(
                    verb="ledger.tested",
                    object_type="thing",
                    object_id=str(number),
                    actor=SystemActor("test"),
                    facts={"share": number / 3, "text": "grün"},
                )
        assert sequence_once() == count
    return list(bundle_lines())


def run(kind: str, file: Path, *more: str, key: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(VERIFIER), kind, str(file)]
    command += ["--key", key or own_verifier_key(), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_an_honest_bundle_and_proof_are_accepted(bundle: list[str], tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_text("".join(bundle), encoding="utf-8")
    kept = tmp_path / "checkpoint"
    kept.write_text(Checkpoint.objects.get(size=7).note, encoding="utf-8")
    done = run("bundle", file, "--checkpoint", str(kept))
    assert (done.returncode, done.stdout) == (0, "")
    proof = tmp_path / "proof.json"
    for position in (0, 6, 12):
        proof.write_text(json.dumps(inclusion_proof(position).as_json()), encoding="utf-8")
        assert run("proof", proof).returncode == 0
    forged = inclusion_proof(5).as_json()
    forged["leaf"] = str(forged["leaf"]).replace("tested", "forged")
    proof.write_text(json.dumps(forged), encoding="utf-8")
    assert run("proof", proof).stdout == "position 5: the entry is not in the signed tree\n"


def test_a_bundle_of_another_key_is_refused(bundle: list[str], tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from governance.ledger.keys import origin
    from governance.ledger.notes import verifier_key

    file = tmp_path / "ledger.jsonl"
    file.write_text("".join(bundle), encoding="utf-8")
    stranger = verifier_key(origin(), Ed25519PrivateKey.generate())
    done = run("bundle", file, key=stranger)
    assert done.returncode == 1
    assert done.stdout.count("no good signature") == 3
    assert run("bundle", file, key="nonsense").returncode == 2


def test_any_change_of_a_leaf_is_found_and_located(bundle: list[str], tmp_path: Path) -> None:
    chance = random.Random(7)
    rows = [json.loads(line) for line in bundle]
    leaves = [number for number, row in enumerate(rows) if "leaf" in row]
    ends = [3, 7, 13]
    file = tmp_path / "ledger.jsonl"
    for kind in ("edit", "delete", "insert", "swap"):
        forged = [dict(row) for row in rows]
        line = chance.choice(leaves[:-1])
        position = forged[line]["position"]
        if kind == "edit":
            forged[line]["leaf"] = forged[line]["leaf"].replace("thing", "sting")
        elif kind == "delete":
            del forged[line]
        elif kind == "insert":
            forged.insert(line, dict(forged[line]))
        else:
            other = leaves[leaves.index(line) + 1]
            forged[line]["leaf"], forged[other]["leaf"] = (
                forged[other]["leaf"],
                forged[line]["leaf"],
            )
        file.write_text("".join(json.dumps(row) + "\n" for row in forged), encoding="utf-8")
        done = run("bundle", file)
        assert done.returncode == 1, kind
        upper = next(end for end in ends if position < end)
        first = done.stdout.splitlines()[0]
        if kind in ("edit", "swap"):
            assert first.startswith("positions ") and f"-{upper - 1}:" in first
        else:
            where = f"position {position + (kind == 'insert')}: the leaf is missing"
            assert any(told.startswith(where) for told in done.stdout.splitlines())


def test_a_bundle_cut_short_is_found_by_a_kept_checkpoint(
    bundle: list[str], tmp_path: Path
) -> None:
    file, kept = tmp_path / "ledger.jsonl", tmp_path / "checkpoint"
    kept.write_text(Checkpoint.objects.get(size=13).note, encoding="utf-8")
    file.write_text("".join(bundle[: 1 + 3 + 1 + 4 + 1]), encoding="utf-8")
    assert run("bundle", file).returncode == 0  # an earlier ledger is a whole one
    done = run("bundle", file, "--checkpoint", str(kept))
    assert done.stdout == "the bundle ends before the kept checkpoint of 13 leaves\n"


def test_the_verifier_stays_small_and_needs_no_tactful() -> None:
    source = VERIFIER.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 200
    assert "django" not in source and "governance" not in source
