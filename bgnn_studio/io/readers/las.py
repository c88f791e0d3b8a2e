"""LAS and LAZ (laser scans, ASPRS LAS 1.0 to 1.4), through laspy and lazrs: x, y, z at the file's own scale, and all dimensions."""

import io
import logging
import struct
from typing import TYPE_CHECKING

import numpy as np

from bgnn_studio.errors import ReaderError
from bgnn_studio.io.readers.columns import Array, named
from bgnn_studio.io.readers.laz_layout import check_packed
from bgnn_studio.io.readers.registry import CloudFile, Found, check_room, reader

if TYPE_CHECKING:
    import laspy

HEADER_BYTES = 227  # of LAS 1.0 to 1.2; later versions append
RECORD_BYTES = 54  # the head of a variable-length record
SINGLE = 1 << 24  # whole numbers up to this are exact in float32
WAVES = ("wavepacket", "x_t", "y_t", "z_t")  # dimensions of wave packets, which are no property of a point
CHUNK = 100_000  # points that are read at a time
# Source: ASPRS LAS specification 1.4, tables 8 and 17.
CLASSES = {
    0: "Never classified",
    1: "Unclassified",
    2: "Ground",
    3: "Low vegetation",
    4: "Medium vegetation",
    5: "High vegetation",
    6: "Building",
    7: "Low point (noise)",
    8: "Reserved or key-point",
    9: "Water",
    10: "Rail",
    11: "Road surface",
    13: "Wire, guard",
    14: "Wire, conductor",
    15: "Transmission tower",
    16: "Wire connector",
    17: "Bridge deck",
    18: "High noise",
}

logging.getLogger("laspy").addHandler(logging.NullHandler())


@reader(".las", ".laz", kind="LAS or LAZ scan", signature=rb"LASF")
def read_las(file: CloudFile) -> Found:
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
        exact, columns = _read_points(scan, file)
        resolution = float(np.min(scan.header.scales))
    if len(exact) and np.isfinite(exact).all() and np.abs(exact).max() > SINGLE * resolution:
        exact -= np.floor(exact.min(axis=0))
    return Found(exact, named(columns, CLASSES))


def _read_points(scan: "laspy.LasReader", file: CloudFile) -> "tuple[Array, dict[str, Array]]":
    """Return places (N, 3) float64, and every other dimension by its name."""
    layout, total = scan.header.point_format, scan.header.point_count
    names = [
        name for name in layout.dimension_names if name not in ("X", "Y", "Z") and not name.startswith(("wavepacket", "x_t", "y_t", "z_t"))
    ]
    places: list[Array] = [np.empty((0, 3))]
    parts: dict[str, list[Array]] = {name: [] for name in names}
    done = 0
    try:
        while done < total:
            chunk = scan.read_points(min(CHUNK, total - done))
            if not len(chunk):
                break
            places.append(np.stack([chunk.x, chunk.y, chunk.z], axis=1).astype(np.float64))
            for name in names:
                parts[name].append(np.array(chunk[name]))
            done += len(chunk)
            file.tell(done, total)
        return np.concatenate(places), {name: np.concatenate(found) for name, found in parts.items() if found}
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
