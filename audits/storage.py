"""The files below STORAGE_URL: written whole or not at all, found again by their place.

Only `file://` is served; what a segment holds is not known here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def storage_folder() -> Path:
    """Return the folder that STORAGE_URL names."""
    parts = urlsplit(settings.STORAGE_URL)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise ImproperlyConfigured(
            f"STORAGE_URL={settings.STORAGE_URL!r} must begin with file:/// and name a folder."
        )
    return Path(url2pathname(parts.path))


def locate(place: str) -> Path:
    """Return the path of a stored file; a place outside the storage folder is refused."""
    root = storage_folder().resolve()
    path = (root / place).resolve()
    if not path.is_relative_to(root):
        raise ValueError(f"The place {place!r} lies outside the storage folder.")
    return path


@contextmanager
def writing(place: str) -> Iterator[Path]:
    """Give a draft to write; it becomes the file at the end, or disappears on an error."""
    path = locate(place)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        yield draft
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        draft.unlink(missing_ok=True)


def discard(place: str) -> None:
    """Remove a stored file; one that is already gone is no error."""
    locate(place).unlink(missing_ok=True)
