"""What sources may reach: folders and hosts that the operator named, nothing else.

Who plans audits chooses among them; settings alone widen them.
"""

from __future__ import annotations

import glob
from pathlib import Path

from django.conf import settings

from governance.core.errors import Invalid

FILES_AT_MOST = 10_000


def files_below_roots(pattern: str) -> list[Path]:
    """Return the files of a path, folder or glob, sorted; all lie below an allowed root.

    A link is followed first: what it points at must lie below a root too.
    """
    roots = [root.resolve() for root in settings.SOURCE_ROOTS]
    if not roots:
        raise Invalid(
            "No folder is open to sources: the operator names some with TACTFUL_SOURCE_ROOTS."
        )
    path = Path(pattern)
    if not path.is_absolute() or ".." in path.parts:
        raise Invalid("The path of a source is absolute and has no '..' in it.")
    # The unexpanded start of a pattern is looked at before the file system is.
    if not any(_plain_start(path).is_relative_to(root) for root in roots):
        raise Invalid(f"{pattern!r} does not lie below a folder that is open to sources.")
    found = sorted(_matches(path))
    if not found:
        raise Invalid(f"There is no file {pattern!r}.")
    if len(found) > FILES_AT_MOST:
        raise Invalid(f"{pattern!r} names more than {FILES_AT_MOST:,} files.")
    for file in found:
        if not any(file.is_relative_to(root) for root in roots):
            raise Invalid(f"{file.name!r} is a link that leads out of the open folders.")
    return found


def _plain_start(path: Path) -> Path:
    start = Path(path.anchor)
    for part in path.parts[1:]:
        if glob.has_magic(part):
            break
        start /= part
    return start.resolve()


def _matches(path: Path) -> set[Path]:
    if path.is_dir():
        inside = (each for each in path.iterdir() if not each.name.startswith("."))
        return {each.resolve() for each in inside if each.is_file()}
    if path.exists():
        return {path.resolve()}
    named = glob.iglob(str(path), recursive=True)  # noqa: PTH207 (an absolute pattern)
    found: set[Path] = set()
    for each in named:
        if Path(each).is_file():
            found.add(Path(each).resolve())
        if len(found) > FILES_AT_MOST:
            break
    return found


def check_host(host: str) -> None:
    """Refuse a host, or a folder of sockets, that the operator has not named."""
    if host.lower() not in {one.lower() for one in settings.SOURCE_HOSTS}:
        raise Invalid(
            f"The host {host!r} is not open to sources: the operator names hosts with "
            "TACTFUL_SOURCE_HOSTS."
        )
