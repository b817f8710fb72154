"""Backup and restore: one file with the database, the outputs and a note on the keys.

The keys themselves are never in it: a backup that holds its own keys protects nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.db import connection
from psycopg.conninfo import conninfo_to_dict

from config import env
from config.celery_settings import database_conninfo
from config.unpacking import UnsafeArchive, unpack_archive
from config.up.postgres import programs

FORMAT = 1
NOTE = "tactful-backup.json"
DUMP = "database.dump"
STORAGE = "storage"


class ArchiveProblem(Exception):
    """The backup cannot be made or read; the message says what to do."""


def _run(program: str, *arguments: str) -> str:
    """Run a PostgreSQL program on Django's database; its password never shows in `ps`."""
    where = conninfo_to_dict(database_conninfo())
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
    environment = {**os.environ, "PGDATABASE": str(where["dbname"])}
    for name, variable in names.items():
        if where.get(name):
            environment[variable] = str(where[name])
    ended = subprocess.run(
        [str(programs() / program), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        lines = ended.stderr.strip().splitlines()
        raise ArchiveProblem(f"{program} failed: {lines[-1] if lines else 'no message'}.")
    return ended.stdout


def storage_folder() -> Path | None:
    """The outputs' folder, or None where they lie in a store that has its own backups."""
    url = env.read("STORAGE_URL") or (env.read("DATA_DIR") / "storage").as_uri()
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def key_ids() -> dict[str, str]:
    """Which keys this data needs: a fingerprint a key, enough to recognise it, not to use it."""
    folder = env.read("DATA_DIR") / "keys"
    found = {}
    for name in sorted(row for row in env.SETTINGS if row.endswith("_FILE")):
        key = name.removesuffix("_FILE").lower()
        path = Path(env.read(name)) if env.read(name) else folder / key
        if path.exists():
            found[key] = sha256(b"tactful key id\0" + path.read_bytes().strip()).hexdigest()[:16]
    return found


def write_backup(target: Path) -> None:
    """Write `target` whole or not at all."""
    if target.exists():
        raise ArchiveProblem(f"{target} exists: name a new file.")
    if not target.parent.is_dir():
        raise ArchiveProblem(f"The folder {target.parent} does not exist.")
    folder = storage_folder()
    note = {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(),
        "keys": key_ids(),
        "keys_note": "The keys are not in this file: keep DATA_DIR/keys or your *_FILE apart.",
        "storage": str(folder) if folder else "not included: STORAGE_URL is not a folder",
    }
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
            dump = Path(temporary) / DUMP
            # Messages under way are not data: what they stand for is a row.
            without = ["--no-owner", "--no-acl", "--exclude-schema=pgmq"]
            # Nor are transactions and hosts of this server, which mean nothing on another.
            for name in ("change", "servinghost"):
                without.append(f"--exclude-table-data=consent_{name}")
            _run("pg_dump", "--format=custom", *without, f"--file={dump}")
            told = Path(temporary) / NOTE
            told.write_text(json.dumps(note, indent=2) + "\n", "utf-8")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as out, tarfile.open(fileobj=out, mode="w") as tar:
                tar.add(told, NOTE)
                tar.add(dump, DUMP)
                if folder is not None and folder.exists():
                    tar.add(folder, STORAGE)
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)


def read_note(source: Path) -> dict[str, object]:
    try:
        with tarfile.open(source) as tar:
            member = tar.extractfile(NOTE)
            note = json.load(member) if member else {}
    except (OSError, tarfile.TarError, KeyError, ValueError):
        raise ArchiveProblem(f"{source} is not a backup of Tactful.") from None
    if not isinstance(note, dict) or note.get("format") != FORMAT:
        raise ArchiveProblem(f"{source} was written in a format this release does not read.")
    return note


def missing_keys(note: dict[str, object]) -> list[str]:
    """Names of keys the backup was made with and this installation does not have."""
    wanted = note.get("keys")
    here = key_ids()
    if not isinstance(wanted, dict):
        return []
    return sorted(name for name, key in wanted.items() if here.get(name) != key)


def check_empty() -> None:
    """A restore never overwrites: what is there may be the only copy."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        row = cursor.fetchone()
    if row is None or row[0]:
        raise ArchiveProblem(
            "The database already holds tables: restore into a new DATA_DIR or an empty database."
        )


def restore_backup(source: Path) -> None:
    """Fill an empty database from `source`, in one transaction, then its outputs."""
    folder = storage_folder()
    with tempfile.TemporaryDirectory() as temporary, tarfile.open(source) as tar:
        try:
            unpack_archive(tar, Path(temporary))
        except UnsafeArchive as problem:
            raise ArchiveProblem(f"{source} is not a backup of Tactful: {problem}") from None
        _run(
            "pg_restore",
            "--no-owner",
            "--no-acl",
            "--single-transaction",
            "--exit-on-error",
            f"--dbname={conninfo_to_dict(database_conninfo())['dbname']}",
            str(Path(temporary) / DUMP),
        )
        stored = Path(temporary) / STORAGE
        if folder is not None and stored.exists():
            shutil.copytree(stored, folder, dirs_exist_ok=True)
