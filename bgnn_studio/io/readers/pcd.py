"""PCD (Point Cloud Library), ASCII, binary and binary_compressed, through pypcd4: the fields x, y, z, and all others."""

import io
import re
import struct

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.columns import Array, named
from bgnn_studio.io.readers.registry import CloudFile, Found, check_room, reader

MAX_VALUES = 4096  # of one point: the longest published descriptors have a few hundred
PACKED = ("rgb", "rgba")
MAX_PARTS = 8  # of one field: more are a descriptor
MAX_LINES = 10  # of a header: one of each key
KEYS = {b"FIELDS", b"SIZE", b"TYPE", b"COUNT", b"WIDTH", b"POINTS", b"DATA"}


@reader(".pcd", kind="PCD", signature=rb"(?:\s|#[^\n]*\n)*+(?:VERSION|FIELDS)[ \t]")
def read_pcd(file: CloudFile) -> Found:
    """Read x, y, z; points whose three coordinates are NaN are left out: PCD so marks where a sensor saw nothing."""
    from pypcd4.pypcd4 import PointCloud

    data = file.data
    end = re.search(rb"^DATA[ \t]+(\w+)[^\n]*\n", data, re.MULTILINE)
    if end is None:
        raise ReaderError("Expected a header that ends with 'DATA ascii', 'binary' or 'binary_compressed' (found none).")
    rows = _check_header(data[: end.end()], data[end.end() :], end[1])
    if end[1] == b"ascii":  # pypcd4 takes one space between numbers, and nothing else
        data = data[: end.end()] + b"\n".join(b" ".join(line.split()) for line in data[end.end() :].splitlines())
    cloud = PointCloud.from_fileobj(io.BufferedReader(io.BytesIO(data)))
    points = cloud.numpy(("x", "y", "z"))
    if len(points) != rows:
        raise ReaderError(f"Expected {rows} points, as the header says (found {len(points)}). The file is cut short or damaged.")
    kept = ~np.isnan(points).all(axis=1)
    return Found(np.asarray(points[kept]), named({name: values[kept] for name, values in _columns(cloud.pc_data).items()}))


def _columns(data: Array) -> dict[str, Array]:
    """Return the fields other than x, y, z; those of several values have one column each, ``rgb`` is unpacked."""
    found: dict[str, list[Array]] = {}
    for name in data.dtype.names or ():
        plain, _, part = name.partition("__")
        if name not in ("x", "y", "z") and not name.startswith("#") and not (plain == "" and part):
            found.setdefault(plain if part.isdigit() else name, []).append(np.atleast_1d(data[name]))
    joined = {name: np.stack(parts, axis=1) for name, parts in found.items() if len(parts) <= MAX_PARTS}
    return {name: _unpacked(v) if name in PACKED and v.dtype.itemsize == 4 and v.shape[1] == 1 else v for name, v in joined.items()}


def _unpacked(values: Array) -> Array:
    """Return 8-bit red, green and blue (N, 3) of colours (N, 1) packed as 0x00RRGGBB, in PCD often under the type of a float."""
    bits = values[:, 0].copy().view(np.uint32)
    return np.stack([bits >> shift & 255 for shift in (16, 8, 0)], axis=1).astype(np.uint8)


def _check_header(header: bytes, body: bytes, encoding: bytes) -> int:
    """Return the number of points, after the header was found to promise no more than there is."""
    lines = [words for line in header.splitlines() if (words := line.split()) and not words[0].startswith(b"#")]
    found = {words[0]: words[1:] for words in lines}
    if not found.keys() >= KEYS or len(found) < len(lines) or len(lines) > MAX_LINES:
        raise ReaderError(
            f"Expected each of {b', '.join(sorted(KEYS)).decode()} once in a header of up to {MAX_LINES} lines "
            f"(got {b', '.join(words[0] for words in lines)[:120].decode(errors='replace')})."
        )
    fields, kinds = found[b"FIELDS"], found[b"TYPE"]
    sizes, counts = [int(word) for word in found[b"SIZE"]], [int(word) for word in found[b"COUNT"]]
    rows = int(found[b"POINTS"][0])
    if not {b"x", b"y", b"z"} <= set(fields) or not len(fields) == len(kinds) == len(sizes) == len(counts):
        raise ReaderError(
            f"Expected fields x, y, z with a size, a type and a count for each (got {len(fields)} fields, {len(sizes)} sizes, "
            f"{len(kinds)} types, {len(counts)} counts: {b' '.join(fields)[:80].decode(errors='replace')})."
        )
    if min(sizes) < 1 or min(counts) < 1 or sum(counts) > MAX_VALUES or rows < 1:
        raise ReaderError(f"Expected points of up to {MAX_VALUES} values (got {rows} points of {sum(counts)}).")
    promised = rows * sum(size * count for size, count in zip(sizes, counts, strict=True))
    if encoding == b"ascii":
        least = rows * 2 * sum(counts) - 1  # a digit and what separates it
    elif encoding == b"binary":
        least = promised
    else:
        packed, unpacked = struct.unpack_from("<II", body) if len(body) >= 8 else (0, 0)
        if unpacked != promised:
            raise ReaderError(
                f"Expected {promised} bytes of points, unpacked (the file says {unpacked}). The file is cut short or damaged."
            )
        check_room(promised, packed)
        least = 8 + packed
    if least > len(body):
        raise ReaderError(f"Expected {rows} points in {least} bytes or more (only {len(body)} are there). The file is cut short.")
    return rows
