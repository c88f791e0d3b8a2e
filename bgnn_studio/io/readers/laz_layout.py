"""The layout of packed points in a LAZ file, checked before lazrs reads it: lazrs allocates what sizes say, and aborts where it cannot.

Source: LASzip's description of its record (user "laszip encoded", 22204) and of layered chunks (LAS 1.4, compressor 3).
"""

import struct

from bgnn_studio.errors import ReaderError

CHUNKED, LAYERED = 2, 3  # compressors; 0 and 1 are of 2010 and older
POINT14, BYTE14 = 10, 14
LAYERS = {POINT14: 9, 11: 1, 12: 2, 13: 1}  # of each kind of item: point, RGB, RGB and infrared, wave packet; BYTE14 has one a byte


def check_packed(data: bytes, start: int, record: bytes, size: int) -> None:
    """Raise `ReaderError` where sizes inside packed points do not fit the file.

    Parameters
    ----------
    data : bytes
        The file.
    start : int
        Where its points start.
    record : bytes
        Its laszip record.
    size : int
        Bytes of one point, unpacked, by the file's header.
    """
    if len(record) < 34:
        raise ReaderError("Expected a record that says how the points are packed (found none). Save the scan again as LAS.")
    (compressor,), (items,) = struct.unpack_from("<H", record), struct.unpack_from("<H", record, 32)
    kinds = [struct.unpack_from("<HH", record, at) for at in range(34, min(34 + 6 * items, len(record) - 3), 6)]  # (kind, bytes) each
    if compressor not in (CHUNKED, LAYERED) or sum(width for _, width in kinds) != size:
        raise ReaderError(
            f"Expected points of {size} bytes packed in chunks (got compressor {compressor}, {sum(width for _, width in kinds)} bytes). "
            "Save the scan again as LAS."
        )
    end = _chunk_table(data, start, size)
    if compressor == LAYERED:
        layers = sum(width if kind == BYTE14 else LAYERS.get(kind, 0) for kind, width in kinds)
        _check_layers(data, start + 8, end, size, layers)


def _chunk_table(data: bytes, start: int, size: int) -> int:
    """Return where the table of chunks starts, and the points end."""
    (table,) = struct.unpack_from("<q", data, start) if start + 8 <= len(data) else (0,)
    if table == -1:  # written to a stream: the place of the table stands at the end
        (table,) = struct.unpack_from("<q", data, len(data) - 8)
    if not start + 8 <= table <= len(data) - 8:
        raise ReaderError(f"Expected a table of chunks after the points (its place is byte {table} of {len(data)}). The file is cut short.")
    (chunks,) = struct.unpack_from("<I", data, table + 4)
    if chunks * size > len(data):  # the first point of each chunk is not packed
        raise ReaderError(f"Expected a table of chunks that fits the file (got {chunks} chunks). The file is damaged.")
    return int(table)


def _check_layers(data: bytes, at: int, end: int, size: int, layers: int) -> None:
    """Walk over the chunks: a point, the number of points, the bytes of each layer, the layers."""
    while at < end:
        head = at + size + 4
        sizes = struct.unpack_from(f"<{layers}I", data, head) if head + 4 * layers <= end else (end,)
        at = head + 4 * layers + sum(sizes)
    if at != end:
        raise ReaderError(f"Expected chunks of points up to byte {end} (their layers end at byte {at}). The file is damaged.")
