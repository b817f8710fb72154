"""The settings table: every environment variable Tactful reads, with its default and its check.

Nothing else reads `os.environ`. A bad value stops the start with the variable's name.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent


def _text(value: str) -> str:
    return value


def _flag(value: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"": False, "0": False, "false": False, "no": False, "off": False}
    if value.strip().lower() not in words:
        raise ValueError("must be 1 or 0")
    return words[value.strip().lower()]


def _port(value: str) -> int:
    if not value.isdigit() or not 1 <= int(value) <= 65534:
        raise ValueError("must be a port number from 1 to 65534")
    return int(value)


def _count(value: str) -> int:
    if not value.isdigit() or int(value) < 1:
        raise ValueError("must be a whole number of at least 1")
    return int(value)


def _number(value: str) -> int:
    if not value.isdigit():
        raise ValueError("must be a whole number")
    return int(value)


def _folder(value: str) -> Path:
    return Path(value).expanduser().resolve()


def _folders(value: str) -> list[Path]:
    return [_absolute(part.strip()) for part in value.split(",") if part.strip()]


def _absolute(value: str) -> Path:
    path = Path(value).expanduser()
    if not path.is_absolute():
        raise ValueError("must be absolute paths")
    return path


def _level(value: str) -> str:
    levels = ("DEBUG", "INFO", "WARNING", "ERROR")
    if value.upper() not in levels:
        raise ValueError(f"must be one of {', '.join(levels)}")
    return value.upper()


def _hosts(value: str) -> list[str]:
    return [host.strip() for host in value.split(",") if host.strip()]


@dataclass(frozen=True)
class Setting:
    """One row of the table: name, default as text, how it is read, what it means."""

    name: str
    default: str
    read: Callable[[str], Any]
    meaning: str


SETTINGS: dict[str, Setting] = {
    row.name: row
    for row in (
        Setting("HOST", "127.0.0.1", _text, "address the web server listens on"),
        Setting("PORT", "8000", _port, "port of the web server; the stream uses PORT+1"),
        Setting("DATA_DIR", str(ROOT / "data"), _folder, "database, keys, files"),
        Setting("DATABASE_URL", "", _text, "PostgreSQL of your own; empty: the embedded one"),
        Setting("DATABASE_OWNER_URL", "", _text, "the role that owns the tables and migrates"),
        Setting("BROKER_URL", "", _text, "redis:// or amqp://; empty: PGMQ on the database"),
        Setting("STORAGE_URL", "", _text, "file:// folder for outputs; empty: DATA_DIR/storage"),
        Setting("PUBLIC_URL", "", _text, "the address people type; empty: http://HOST:PORT"),
        Setting("DEMO", "0", _flag, "load the demo and relax what it says it relaxes"),
        Setting("LOG_LEVEL", "INFO", _level, "DEBUG, INFO, WARNING or ERROR"),
        Setting("TACTFUL_ALLOWED_HOSTS", "", _hosts, "host names served beside PUBLIC_URL's"),
        Setting("TACTFUL_WEB_THREADS", "8", _count, "threads of the web server"),
        Setting("TACTFUL_WORKERS", "1", _count, "audit worker processes"),
        Setting("TACTFUL_LEASE_SECONDS", "30", _count, "lease of an audit; renewed thrice in it"),
        Setting("TACTFUL_SOURCE_ROOTS", "", _folders, "folders whose files audits may read"),
        Setting("TACTFUL_SOURCE_HOSTS", "", _hosts, "hosts of databases, S3 and Spark to read"),
        Setting("TACTFUL_AS_OWNER", "0", _flag, "connect as the owner of the tables (migrations)"),
        Setting("TACTFUL_READY_FD", "0", _number, "set by `up`: where a worker tells it is ready"),
        Setting(
            "TACTFUL_CONTROLLER_NAME", "", _text, "who answers for the processing, on receipts"
        ),
        Setting("TACTFUL_CONTROLLER_CONTACT", "", _text, "their address for people's questions"),
        Setting(
            "TACTFUL_STREAM_URL", "", _text, "the stream's address; empty: PORT+1 of PUBLIC_URL"
        ),
        Setting("TACTFUL_STREAM_LISTENERS", "2000", _count, "listeners the stream takes at most"),
        Setting("TACTFUL_SAMPLE_EVERY", "1000", _number, "one answer in so many is kept; 0: none"),
        Setting("TACTFUL_NOTIFY_URLS", "", _hosts, "Apprise addresses that receive every notice"),
        Setting(
            "TACTFUL_WEBHOOK_PRIVATE", "0", _flag, "webhooks may go to private addresses, http"
        ),
        Setting(
            "TACTFUL_MLFLOW_HOSTS", "", _hosts, "MLflow servers inside: host or host:port, http too"
        ),
        Setting("SECRET_KEY_FILE", "", _text, "Django's signing key; empty: from the key ring"),
        Setting("SUBJECT_PEPPER_FILE", "", _text, "key of subject pseudonyms; empty: key ring"),
        Setting("FINGERPRINT_KEY_FILE", "", _text, "key of table fingerprints; empty: key ring"),
        Setting("LEDGER_KEY_FILE", "", _text, "ed25519 key of checkpoints; empty: key ring"),
        Setting("RECEIPT_KEY_FILE", "", _text, "ed25519 key of receipts; empty: key ring"),
        Setting("TOKEN_KEY_FILE", "", _text, "ed25519 key of subject tokens; empty: key ring"),
        Setting("STREAM_KEY_FILE", "", _text, "key of stream addresses; empty: key ring"),
        Setting("WEBHOOK_KEY_FILE", "", _text, "ed25519 key of webhooks; empty: key ring"),
        Setting("FIELD_KEY_FILE", "", _text, "key of encrypted columns; empty: key ring"),
    )
}


def read(name: str) -> Any:
    """Return the checked value of one setting, or stop with its name and what is wrong."""
    row = SETTINGS[name]
    value = os.environ.get(name, row.default)
    try:
        return row.read(value)
    except ValueError as problem:
        raise ImproperlyConfigured(f"{name}={value!r} {problem}: {row.meaning}.") from None


def check_all() -> None:
    """Read every setting once, so that a bad value stops the start and not a later request."""
    for name in SETTINGS:
        read(name)
