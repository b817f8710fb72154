"""Uploaded files as files on disk, with the media type their name stands for."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from audits.sources.intake.decoding import media_type_of
from governance.core.errors import Invalid


@contextmanager
def uploaded(request: HttpRequest, field: str = "file") -> Iterator[tuple[Path, str, str]]:
    """Give (path, name, media type) of an uploaded file for the time of the block."""
    file = request.FILES.get(field)
    if not isinstance(file, UploadedFile) or not file.name:
        raise Invalid("Choose a CSV, Parquet, Arrow or JSON lines file.")
    start = file.read(8)
    file.seek(0)
    media_type = media_type_of(file.name, start)
    with tempfile.NamedTemporaryFile(prefix="tactful-upload-") as copy:
        for chunk in file.chunks():
            copy.write(chunk)
        copy.flush()
        yield Path(copy.name), file.name, media_type
