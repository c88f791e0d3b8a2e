"""A model file opened by the native library, and inference on it."""

import operator
import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.card import Accuracy, Training
from bgnn_studio.core.files import read_plain
from bgnn_studio.core.inference import Inference, Step, Trace
from bgnn_studio.core.spec import NetworkSpec
from bgnn_studio.errors import KernelError, ModelFileError
from bgnn_studio.native.library import arenas, check, ffi, isa, lib, matrix, pointer, refuse, text

INT32_MAX = 2**31 - 1
MAX_FILE_BYTES = 1 << 30  # far above every model; it keeps a language model, also GGUF, from being read into memory


@dataclass(frozen=True)
class TensorInfo:
    """One tensor of a model file: ``F32``, ``I32`` or ``I64`` (packed words), rows (1 for a vector), columns, bytes."""

    name: str
    type: str
    rows: int
    columns: int
    bytes: int


class Model:
    """An opened model, read-only: `infer` may be called from several threads at once.

    Attributes
    ----------
    path : Path or None
        The file, or None when opened from bytes.
    name : str
        File name without its suffix, or the name given.
    spec : NetworkSpec
    training : Training or None
        How it was made, where the file says so.
    accuracy : Accuracy or None
        What somebody measured, where the file says so.
    file_bytes, tensor_bytes, prepared_bytes : int
        Size of the file (held in memory), of the tensor data in it, and of what opening allocated besides the file's bytes.
    tensors : tuple of TensorInfo
        In the order of the file.
    """

    def __init__(self, handle: Any, path: Path | None, name: str) -> None:  # noqa: ANN401
        # Dropping the last reference closes the model, so that a close() waits for calls that other threads still run.
        self._handle = ffi.gc(handle, lib.bgnn_model_close)
        info = ffi.new("bgnn_model_info *")
        lib.bgnn_model_get_info(self._handle, info)
        self.path = path
        self.name = name
        self.spec = _spec(self._handle, info)
        self.training = _training(self._handle)
        self.accuracy = _accuracy(self._handle)
        self.file_bytes = int(info.file_bytes)
        self.tensor_bytes = int(info.tensor_bytes)
        self.prepared_bytes = int(info.prepared_bytes - info.file_bytes)
        self.tensors = _tensors(self._handle)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open a model file; raises `ModelFileError` with the path, and the tensor or key that is wrong.

        The file is read, not mapped: a mapped one that somebody cuts short would end the process (SIGBUS) at the next inference.
        """
        path = Path(path)
        return cls._opened(path, path.stem, str(path), _content(path))

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> Self:
        """Open a model held in memory (copied); raises `ModelFileError` with the name, and the tensor or key that is wrong."""
        return cls._opened(None, name, name, data)

    @classmethod
    def _opened(cls, path: Path | None, name: str, where: str, data: bytes) -> Self:
        out, message = ffi.new("bgnn_model **"), ffi.new("char[]", lib.BGNN_MESSAGE_SIZE)
        status = lib.bgnn_model_open_memory(data, len(data), out, message)
        if status != lib.BGNN_OK:
            raise ModelFileError(f"{where}: {text(message) or text(lib.bgnn_status_text(status))}")
        try:
            return cls(out[0], path, name)
        except ModelFileError as error:
            raise ModelFileError(f"{where}: {error}") from error

    def infer(
        self, points: NDArray[np.floating], *, k: SupportsIndex | None = None, threads: SupportsIndex = 1, trace: bool = False
    ) -> Inference:
        """Run one cloud through the network.

        Parameters
        ----------
        points : (N, 3) float
            As they are: preprocessing is the caller's.
        k : int, optional
            Neighbours, 1 to N; the model's own by default.
        threads : int
            At least 1; the results do not depend on it.
        trace : bool
            Record the graph, distances and features of every layer.

        Raises
        ------
        KernelError
            Points of another shape, none, fewer than k, not finite, or so large that the logits overflow; a bad ``BGNN_ISA``.
        """
        handle = self._open_handle()
        points = matrix("infer", "points", points, "(N, 3)", np.float32, columns=3)
        N, k, threads = self._sizes("infer", len(points), k, threads)
        name = isa()
        logits = np.empty(len(self.spec.classes), np.float32)
        steps = ffi.new("bgnn_step[]", lib.BGNN_MAX_STEPS)
        record = ffi.new("bgnn_trace *", {"steps": steps})
        recorded = self._recorded(record, N, k) if trace else None
        message = ffi.new("char[]", lib.BGNN_MESSAGE_SIZE)
        size = self._arena_size(handle, "infer", N, k, threads)
        with arenas.take(size) as arena:
            status = lib.bgnn_forward(handle, pointer(points), N, k, threads, arena, size, pointer(logits), record, message)
        check(status, "infer", text(message))
        if not np.isfinite(logits).all():
            raise KernelError(
                lib.BGNN_BAD_DATA,
                "infer",
                f"The logits overflow: coordinates reach {np.abs(points).max():.3g}. Scale the cloud to the unit sphere.",
            )
        return Inference(logits, self._steps(steps, record.step_count), name, threads, size, recorded)

    def arena_bytes(self, points: SupportsIndex, k: SupportsIndex | None = None, threads: SupportsIndex = 1) -> int:
        """Return the bytes of scratch memory that `infer` needs for a cloud of this many points; raises `KernelError`."""
        handle = self._open_handle()
        return self._arena_size(handle, "arena_bytes", *self._sizes("arena_bytes", operator.index(points), k, threads))

    def close(self) -> None:
        """Let the file go, once calls that still run have ended; a closed model infers no more."""
        self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def _open_handle(self) -> Any:  # noqa: ANN401
        handle = self._handle
        if handle is None:
            raise refuse("infer", f"The model '{self.name}' is closed. Open it again.")
        return handle

    def _sizes(self, operation: str, N: int, k: SupportsIndex | None, threads: SupportsIndex) -> tuple[int, int, int]:
        k = self.spec.k if k is None else operator.index(k)
        threads = operator.index(threads)
        if N < 1:
            raise refuse(operation, "The cloud is empty. Open one with points.")
        if k < 1:
            raise refuse(operation, f"Expected 'k' of at least 1 (got {k}).")
        if k > N:
            raise refuse(operation, f"The cloud has {N} points, but k is {k}. Use a cloud of at least {k} points, or a k of at most {N}.")
        if threads < 1:
            raise refuse(operation, f"Expected 'threads' of at least 1 (got {threads}).")
        return N, k, threads

    @staticmethod
    def _arena_size(handle: Any, operation: str, N: int, k: int, threads: int) -> int:  # noqa: ANN401
        size = int(lib.bgnn_arena_size(handle, N, k, threads)) if max(N, threads) <= INT32_MAX else 0
        if size == 0:
            raise refuse(operation, f"{N} points with k = {k} on {threads} threads need more memory than there can be. Use fewer points.")
        return size

    def _recorded(self, record: Any, N: int, k: int) -> Trace:  # noqa: ANN401
        """Return empty arrays for a trace, and point the library to them."""
        layers = len(self.spec.widths)
        knn = tuple(np.empty((N, k), np.int32) for _ in range(layers))
        distances = tuple(np.empty((N, k), np.float32) for _ in range(layers))
        features = tuple(self._features(N, channels) for channels in self.spec.in_channels[1:])
        for i in range(layers):
            record.knn[i] = pointer(knn[i])
            record.distances[i] = pointer(distances[i])
            if i:
                record.features[i] = pointer(features[i - 1])
        winners = np.empty(self.spec.embedding, np.int32)
        record.winners = pointer(winners)
        return Trace(knn, distances, features, winners)

    def _features(self, N: int, channels: int) -> NDArray[np.uint64] | NDArray[np.float32]:
        return np.empty((N, -(-channels // 64)), np.uint64) if self.spec.on_bits else np.empty((N, channels), np.float32)

    def _steps(self, steps: Any, filled: int) -> tuple[Step, ...]:  # noqa: ANN401
        layers = [*(f"layer{i}" for i in range(1, len(self.spec.widths) + 1)), "embedding", "head"]
        return tuple(Step(layers[s.layer - 1], text(s.name), int(s.nanoseconds)) for s in (steps[i] for i in range(filled)))


def _content(path: Path) -> bytes:
    """Return all bytes of a regular file; raises `ModelFileError`."""
    try:
        data = read_plain(path, MAX_FILE_BYTES)
    except OSError as error:
        raise ModelFileError(f"{path}: could not be opened ({error.strerror}). Open a .gguf model file.") from error
    if not data:
        raise ModelFileError(f"{path}: the file is empty. Open a .gguf model file.")
    return data


def _string(handle: Any, key: str, index: int = 0) -> str | None:  # noqa: ANN401
    start, length = ffi.new("const char **"), ffi.new("uint64_t *")
    if not lib.bgnn_model_string(handle, key.encode(), index, start, length):
        return None
    return bytes(ffi.unpack(start[0], length[0])).decode(errors="replace")


def _number(handle: Any, key: str) -> float:  # noqa: ANN401
    value = ffi.new("double *")
    return float(value[0]) if lib.bgnn_model_number(handle, key.encode(), 0, value) else 0.0


def _spec(handle: Any, info: Any) -> NetworkSpec:  # noqa: ANN401
    words = ("variant", "stage", "conv", "first_layer", "edge_op", "max_order", "skip", "head_inputs")
    return NetworkSpec(
        points=info.points,
        k=info.k,
        widths=tuple(info.widths[i] for i in range(info.layers)),
        embedding=info.embedding,
        head=(info.head[0], info.head[1]),
        classes=tuple(_string(handle, "bgnn.classes", i) or "" for i in range(info.classes)),
        **{word: _string(handle, f"bgnn.{word}") or "" for word in words},  # type: ignore[arg-type]
    )


def _training(handle: Any) -> Training | None:  # noqa: ANN401
    dataset = _string(handle, "bgnn.training.dataset")
    if dataset is None:
        return None
    recipe = _string(handle, "bgnn.training.recipe") or ""
    return Training(dataset, recipe, int(_number(handle, "bgnn.training.seed")), int(_number(handle, "bgnn.training.epochs")))


def _accuracy(handle: Any) -> Accuracy | None:  # noqa: ANN401
    dataset = _string(handle, "bgnn.accuracy.dataset")
    if dataset is None:
        return None
    overall, class_mean = (_number(handle, f"bgnn.accuracy.{key}") for key in ("overall", "class_mean"))
    return Accuracy(dataset, _string(handle, "bgnn.accuracy.split") or "", int(_number(handle, "bgnn.accuracy.count")), overall, class_mean)


def _tensors(handle: Any) -> tuple[TensorInfo, ...]:  # noqa: ANN401
    found = []
    info = ffi.new("bgnn_tensor_info *")
    for i in count():
        if not lib.bgnn_model_tensor(handle, i, info):
            break
        found.append(TensorInfo(text(info.name), text(info.type), int(info.rows), int(info.columns), int(info.bytes)))
    return tuple(found)
