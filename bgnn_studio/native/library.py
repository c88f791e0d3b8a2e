"""The loaded library: its version, its instruction sets, its errors, and the arrays it takes."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy as np

from bgnn_studio import __version__
from bgnn_studio.errors import BgnnError, KernelError

try:
    from bgnn_studio.native._bgnn import ffi as _ffi
    from bgnn_studio.native._bgnn import lib as _lib
except ImportError as error:
    raise BgnnError("The native library is not built for this Python. Run 'pip install -e .' in the project folder.") from error

ffi: Any = _ffi
lib: Any = _lib
ARENA_ALIGNMENT = 64  # bytes, bgnn.h
_C_TYPES = {np.dtype(np.float32): "float *", np.dtype(np.int32): "int32_t *", np.dtype(np.uint64): "uint64_t *"}


def text(value: Any) -> str:  # noqa: ANN401
    """Return a C string as str."""
    return bytes(ffi.string(value)).decode(errors="replace")


def version() -> str:
    """Return the version that the library was built as."""
    return text(lib.bgnn_version())


if version() != __version__:
    raise BgnnError(f"The native library is of version {version()}, the package of {__version__}. Run 'pip install -e .' again.")


def isas() -> tuple[str, ...]:
    """Return the instruction sets that this build and this CPU can run: ``scalar`` first, the best last."""
    names = []
    for i in count():
        name = lib.bgnn_isa_name(i)
        if name == ffi.NULL:
            break
        names.append(text(name))
    return tuple(names)


def isa() -> str:
    """Return the instruction set in use: the best, or what ``BGNN_ISA`` or `set_isa` chose.

    Raises
    ------
    KernelError
        ``BGNN_ISA`` names none of `isas()`.
    """
    name = lib.bgnn_isa()
    if name == ffi.NULL or text(name) not in isas():
        raise _no_isa("isa", os.environ.get("BGNN_ISA"))
    return text(name)


def set_isa(name: str | None) -> None:
    """Choose an instruction set for all later calls of the process; None: back to ``BGNN_ISA`` or the best.

    Raises
    ------
    KernelError
        Unknown here; nothing changes.
    """
    status = lib.bgnn_set_isa(ffi.NULL if name is None else name.encode())
    if status != lib.BGNN_OK:
        raise _no_isa("set_isa", name if name is not None else os.environ.get("BGNN_ISA"))


def check(status: int, operation: str, message: str = "") -> None:
    """Raise `KernelError` unless a call gave BGNN_OK."""
    if status == lib.BGNN_OK:
        return
    if status == lib.BGNN_NO_ISA:
        raise _no_isa(operation, os.environ.get("BGNN_ISA"))
    raise KernelError(status, operation, message or text(lib.bgnn_status_text(status)))


def refuse(operation: str, message: str) -> KernelError:
    """Return the error for arguments that never reach the library."""
    return KernelError(lib.BGNN_BAD_ARGUMENT, operation, message)


def _no_isa(operation: str, name: str | None) -> KernelError:
    where = "BGNN_ISA" if operation != "set_isa" else "an instruction set"
    return KernelError(lib.BGNN_NO_ISA, operation, f"Expected {where} to be one of {', '.join(isas())} (got {name!r}).")


def matrix(
    operation: str,
    name: str,
    values: Any,  # noqa: ANN401
    shape: str,
    dtype: type[np.generic],
    *,
    columns: int | None = None,
) -> Any:  # noqa: ANN401
    """Return (rows, columns) values C-contiguous as `dtype`; float64 is rounded to float32, nothing else is converted.

    `shape` is how a message writes the shape. Raises `KernelError`.
    """
    real = dtype is np.float32
    array = np.asarray(values)
    fits = np.issubdtype(array.dtype, np.floating) if real else array.dtype == dtype
    if array.ndim != 2 or not fits or (columns is not None and array.shape[1] != columns):
        wanted = "float" if real else np.dtype(dtype).name
        raise refuse(operation, f"Expected '{name}' of shape {shape} with {wanted} dtype (got {array.dtype} {array.shape}).")
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinite, which the library refuses
        return np.ascontiguousarray(array, dtype=dtype)


def pointer(array: np.ndarray[Any, Any]) -> Any:  # noqa: ANN401
    """Return a typed C pointer to a contiguous array, which the caller keeps alive."""
    return ffi.cast(_C_TYPES[array.dtype], array.ctypes.data)


class _ArenaPool:
    """Scratch buffers of the process, each used by one call at a time and kept for the next one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[np.ndarray[Any, np.dtype[np.uint8]]] = []

    @contextmanager
    def take(self, size: int) -> Iterator[Any]:
        """Lend a 64-byte aligned ``void *`` to at least `size` bytes."""
        with self._lock:
            buffer = self._free.pop() if self._free else None
        if buffer is None or buffer.size < size + ARENA_ALIGNMENT:
            buffer = np.empty(size + ARENA_ALIGNMENT, np.uint8)
        address = buffer.ctypes.data
        try:
            yield ffi.cast("void *", address + -address % ARENA_ALIGNMENT)
        finally:
            with self._lock:
                self._free.append(buffer)


arenas = _ArenaPool()
