"""LAS and LAZ (laser scans, ASPRS LAS 1.0 to 1.4), through laspy and lazrs: x, y, z at the file's own scale."""

import io
import logging
import struct
from typing import TYPE_CHECKING

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.laz_layout import check_packed
from bgnn_studio.io.readers.registry import CloudFile, Points, check_room, reader

if TYPE_CHECKING:
    import laspy

HEADER_BYTES = 227  # of LAS 1.0 to 1.2; later versions append
RECORD_BYTES = 54  # the head of a variable-length record
SINGLE = 1 << 24  # whole numbers up to this are exact in float32

logging.getLogger("laspy").addHandler(logging.NullHandler())


@reader(".las", ".laz", kind="LAS or LAZ scan", signature=rb"LASF")
def read_las(file: CloudFile) -> Points:
    """Read x, y, z; map coordinates that float32 would round below the file's own scale are moved near the origin by whole units."""
    import laspy

    data = file.data
    if len(data) < HEADER_BYTES:
        raise ReaderError(f"Expected a header of {HEADER_BYTES} bytes (the file has {len(data)}). The file is cut short.")
    header_bytes, start, records = struct.unpack_from("<HII", data, 94)
    if not header_bytes <= start <= len(data) or records * RECORD_BYTES > start - header_bytes:
        raise ReaderError(
            f"Expected a header, its records and then points (got a header of {header_bytes} bytes, {records} records, points from "
            f"byte {start}; the file has {len(data)} bytes). The file is cut short or damaged."
        )
    with laspy.open(io.BytesIO(data), laz_backend=laspy.LazBackend.Lazrs, read_evlrs=False) as scan:
        _check_count(scan.header, len(data) - start)
        if scan.header.are_points_compressed:
            packing = scan.header.vlrs.get("LasZipVlr")
            check_packed(data, start, packing[0].record_data if packing else b"", scan.header.point_format.size)
        points = _read_points(scan)
        exact = np.stack([points.x, points.y, points.z], axis=1).astype(np.float64)  # (N, 3)
        resolution = float(np.min(scan.header.scales))
    if len(exact) and np.isfinite(exact).all() and np.abs(exact).max() > SINGLE * resolution:
        exact -= np.floor(exact.min(axis=0))
    return exact


def _read_points(scan: "laspy.LasReader") -> "laspy.ScaleAwarePointRecord":
    try:
        return scan.read_points(-1)
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # lazrs is Rust: its panics are no Exception
            raise
        raise ReaderError(f"Expected packed points (damaged: {error}). Download or copy the file again.") from error


def _check_count(header: "laspy.LasHeader", there: int) -> None:
    """Raise `ReaderError` where so many points cannot be in the bytes that are there."""
    promised = header.point_count * header.point_format.size
    if header.are_points_compressed:
        check_room(promised, there)
    elif promised > there:
        raise ReaderError(
            f"Expected {header.point_count} points of {promised} bytes (only {there} bytes are there). The file is cut short."
        )
