"""Cubes as bytes and back: a JSON tree of names and numbers, and the arrays behind it.

What may stand in the bytes is decided by the type hints of the cube's dataclasses, never by the
bytes: nothing is executed, imported or allocated because they say so. What a cube means is not
here.
"""

import json
import math
import types
import zlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from methods.errors import BadInput

CubeT = TypeVar("CubeT")

LAYOUT = "tactful-cube/1"
# A cube unpacked takes no more memory than this, whatever its bytes claim.
MAX_BYTES = 512_000_000
_KINDS = {"f8": np.dtype("<f8"), "i8": np.dtype("<i8")}


def pack(cube: Any, form: str) -> bytes:
    """Return a dataclass of texts, numbers, tuples, mappings and arrays as bytes.

    Equal cubes give equal bytes: fields in their order, mappings in theirs.
    """
    arrays: list[NDArray[Any]] = []
    tree = _plain(cube, arrays)
    head = {
        "layout": LAYOUT,
        "format": form,
        "arrays": [[_kind(array), list(array.shape)] for array in arrays],
        "tree": tree,
    }
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    body = b"".join(_shuffled(array) for array in arrays)
    return LAYOUT.encode() + b"\n" + zlib.compress(len(text).to_bytes(8, "little") + text + body, 6)


def unpack(data: bytes, form: str, kind: type[CubeT]) -> CubeT:
    """Return the cube of class `kind` that `pack` wrote.

    Raises
    ------
    BadInput : when the bytes are not such a cube, whole and of this format
    """
    head, body = _opened(data)
    if head.get("format") != form:
        raise BadInput(f"The cube is a {head.get('format')!r}, not a {form!r}: collect it again.")
    arrays = _arrays(head.get("arrays"), body)
    found: CubeT = _typed(head.get("tree"), kind, arrays, "cube")
    return found


def format_of(data: bytes) -> str | None:
    """Return the format packed bytes say they have; None when they are no packed cube."""
    try:
        name = _opened(data)[0].get("format")
    except BadInput:
        return None
    return name if isinstance(name, str) else None


def _plain(value: Any, arrays: list[NDArray[Any]]) -> Any:
    """Return JSON data; arrays go into the list and leave their place behind."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return len(arrays) - 1
    if isinstance(value, np.generic):
        value = value.item()
    if is_dataclass(value) and not isinstance(value, type):
        return [_plain(getattr(value, part.name), arrays) for part in fields(value)]
    if isinstance(value, Mapping):
        return [[_plain(key, arrays), _plain(part, arrays)] for key, part in value.items()]
    if isinstance(value, (tuple, list)):
        return [_plain(part, arrays) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"A cube holds no {type(value).__name__}.")


def _kind(array: NDArray[Any]) -> str:
    return "i8" if array.dtype.kind in "iub" else "f8"


def _shuffled(array: NDArray[Any]) -> bytes:
    """Return the array's bytes, first bytes of all numbers first: counts then compress well."""
    plain = np.ascontiguousarray(array, dtype=_KINDS[_kind(array)])
    return plain.reshape(-1).view(np.uint8).reshape(-1, 8).T.tobytes()


def _opened(data: bytes) -> tuple[dict[str, Any], memoryview]:
    start = LAYOUT.encode() + b"\n"
    if not data.startswith(start):
        raise BadInput(f"The bytes are no cube: they do not begin with {LAYOUT!r}.")
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(data[len(start) :], MAX_BYTES)
    except (zlib.error, MemoryError):
        raise BadInput("The cube's bytes are damaged.") from None
    if inflater.unconsumed_tail or not inflater.eof:
        raise BadInput(f"The cube is cut off, or takes more than {MAX_BYTES // 1_000_000} MB.")
    size = int.from_bytes(raw[:8], "little")
    try:
        head = json.loads(raw[8 : 8 + size])
    except (ValueError, RecursionError):
        raise BadInput("The cube's bytes are damaged.") from None
    if not isinstance(head, dict) or head.get("layout") != LAYOUT:
        raise BadInput("The cube's bytes are damaged.")
    return head, memoryview(raw)[8 + size :]


def _arrays(shapes: Any, body: memoryview) -> list[NDArray[Any]]:
    found, place = [], 0
    if not isinstance(shapes, list):
        raise BadInput("The cube's bytes are damaged.")
    for each in shapes:
        if not (isinstance(each, list) and len(each) == 2 and each[0] in ("f8", "i8")):
            raise BadInput("The cube's bytes are damaged.")
        kind, shape = each
        whole = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
        size = math.prod(shape) if whole else -1
        if size < 0 or place + 8 * size > len(body):
            raise BadInput("The cube's arrays are longer than its bytes.")
        plain = np.frombuffer(body[place : place + 8 * size], np.uint8).reshape(8, size).T
        array = np.ascontiguousarray(plain).view(_KINDS[kind]).reshape(shape)
        array.flags.writeable = False
        found.append(array)
        place += 8 * size
    if place != len(body):
        raise BadInput("The cube's bytes do not end where its arrays do.")
    return found


@cache
def _hints(kind: type) -> dict[str, Any]:
    named = get_type_hints(kind)
    return {part.name: named[part.name] for part in fields(kind)}


def _typed(value: Any, hint: Any, arrays: list[NDArray[Any]], at: str) -> Any:
    """Return the value as its type hint says, or refuse it."""
    origin, parts = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        hints = _hints(hint)
        given = _items(value, at, len(hints))
        made = {
            name: _typed(part, own, arrays, f"{at}.{name}")
            for (name, own), part in zip(hints.items(), given, strict=True)
        }
        return hint(**made)
    if origin is np.ndarray:
        if type(value) is not int or not 0 <= value < len(arrays):
            raise _wrong(at)
        return arrays[value]
    if origin in (Union, types.UnionType):
        if value is None and type(None) in parts:
            return None
        return _typed(value, next(p for p in parts if p is not type(None)), arrays, at)
    if origin is Literal:
        if value not in parts:
            raise _wrong(at)
        return value
    if origin is tuple:
        if parts[-1] is Ellipsis:
            return tuple(_typed(part, parts[0], arrays, at) for part in _items(value, at))
        given = _items(value, at, len(parts))
        return tuple(_typed(p, own, arrays, at) for p, own in zip(given, parts, strict=True))
    if origin is list:
        return [_typed(part, parts[0], arrays, at) for part in _items(value, at)]
    if origin is not None and issubclass(origin, Mapping):
        pairs = [_items(part, at, 2) for part in _items(value, at)]
        return {_typed(k, parts[0], arrays, at): _typed(v, parts[1], arrays, at) for k, v in pairs}
    return _single(value, hint, at)


def _single(value: Any, hint: Any, at: str) -> Any:
    if hint is float and isinstance(value, str) and value in ("nan", "inf", "-inf"):
        return float(value)
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise _wrong(at)
    return value


def _items(value: Any, at: str, size: int | None = None) -> list[Any]:
    if not isinstance(value, list) or (size is not None and len(value) != size):
        raise _wrong(at)
    return value


def _wrong(at: str) -> BadInput:
    return BadInput(f"The cube is not well formed at {at}.")
