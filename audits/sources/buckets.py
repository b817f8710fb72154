"""Sources in S3: objects are fetched into a private folder, hashed on the way, read, and removed.

The engine never speaks to the network; how fetched files become a table stands in `folders`.
"""

from __future__ import annotations

import fnmatch
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from audits.models import Source
from audits.sources.credentials import s3_keys, unseal
from audits.sources.folders import ARROW_SUFFIXES, open_files
from audits.sources.formats import FORMATS
from audits.sources.locations import S3Location
from audits.sources.reach import check_host
from audits.sources.reading import Place
from governance.core.errors import Invalid

if TYPE_CHECKING:
    from pyarrow.fs import FileInfo, S3FileSystem

CHUNK = 4 * 1024 * 1024
OBJECTS_AT_MOST = 10_000
BYTES_AT_MOST = 64 * 1024**3
SPARE_BYTES = 1024**3  # left free on the disk
SUFFIXES = (*FORMATS, *ARROW_SUFFIXES)


@contextmanager
def open_bucket(source: Source, location: S3Location) -> Iterator[Place]:
    """Open the objects of a location as one table.

    Raises
    ------
    Invalid : with one sentence, when the bucket refuses, holds nothing of the name, or too much
    """
    system = _file_system(source, location)
    with tempfile.TemporaryDirectory(prefix="tactful-bucket-") as folder:
        with _answers(location):
            objects = _objects(system, location)
            _check_room(objects, Path(folder))
            files = [
                _fetched(system, one, Path(folder) / f"{place:05d}")
                for place, one in enumerate(objects)
            ]
        with open_files(files) as place:
            yield place


def _file_system(source: Source, location: S3Location) -> S3FileSystem:
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    keys = s3_keys(unseal(source))
    endpoint = urlsplit(location.endpoint)
    if endpoint.hostname:
        check_host(endpoint.hostname)
    return S3FileSystem(
        access_key=keys.get("access_key"),
        secret_key=keys.get("secret_key"),
        session_token=keys.get("session_token"),
        # The worker's own identity in the cloud is never lent to a source.
        anonymous=not keys,
        region=location.region,
        endpoint_override=endpoint.netloc or None,
        scheme=endpoint.scheme or "https",
        connect_timeout=10,
        request_timeout=60,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=3),
        allow_bucket_creation=False,
        allow_bucket_deletion=False,
    )


def _objects(system: S3FileSystem, location: S3Location) -> list[FileInfo]:
    """Return the objects a location names, sorted by key."""
    from pyarrow.fs import FileSelector, FileType

    parts = urlsplit(location.url)
    key = parts.netloc + parts.path
    folder, _, name = key.rpartition("/")
    if name and not any(sign in name for sign in "*?["):
        info = system.get_file_info(key)
        if info.type != FileType.File:
            raise Invalid(f"There is no object {location.url}.")
        return [info]
    found = [
        info
        for info in system.get_file_info(FileSelector(folder, allow_not_found=True))
        if info.type == FileType.File
        and (fnmatch.fnmatchcase(info.base_name, name) if name else _is_readable(info.base_name))
    ]
    if not found:
        raise Invalid(f"There is no object {location.url}.")
    if len(found) > OBJECTS_AT_MOST:
        raise Invalid(f"{location.url} names more than {OBJECTS_AT_MOST:,} objects.")
    return sorted(found, key=lambda info: info.path)


def _is_readable(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def _check_room(objects: list[FileInfo], folder: Path) -> None:
    size = sum(info.size or 0 for info in objects)
    if size > BYTES_AT_MOST:
        raise Invalid(f"The objects hold {size / 1e9:,.1f} GB; 64 GB are fetched at most.")
    if size + SPARE_BYTES > shutil.disk_usage(folder).free:
        raise Invalid(f"The objects hold {size / 1e9:,.1f} GB; this machine has no room for them.")


def _fetched(system: S3FileSystem, info: FileInfo, folder: Path) -> Path:
    """Fetch one object, in pieces; what changed or fell short on the way is refused."""
    folder.mkdir()
    target: Path = folder / info.base_name
    with system.open_input_stream(info.path, compression=None) as stream, target.open("wb") as out:
        while chunk := stream.read(CHUNK):
            out.write(chunk)
            if out.tell() > (info.size or 0):
                break
    after = system.get_file_info(info.path)
    if (target.stat().st_size, after.size, after.mtime_ns) != (info.size, info.size, info.mtime_ns):
        raise Invalid(f"{info.base_name} was changed while it was fetched: run the audit again.")
    return target


@contextmanager
def _answers(location: S3Location) -> Iterator[None]:
    """Turn what the bucket answers into one sentence."""
    try:
        yield
    except OSError as problem:
        bucket = urlsplit(location.url).netloc
        raise Invalid(f"The bucket {bucket} refuses: {_reason(str(problem))}.") from None


def _reason(said: str) -> str:
    known = {
        "ACCESS_DENIED": "access denied",
        "SIGNATURE_DOES_NOT_MATCH": "the secret key is wrong",
        "INVALID_ACCESS_KEY_ID": "the access key is not known",
        "NO_SUCH_BUCKET": "there is no such bucket",
        "NO_SUCH_KEY": "there is no such object",
        "NETWORK_CONNECTION": "its endpoint does not answer",
    }
    for sign, sentence in known.items():
        if sign in said:
            return sentence
    lines = said.strip().splitlines()
    return (lines[0] if lines else "no reason given").rstrip(".")[:300]
