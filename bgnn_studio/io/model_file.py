"""Model files: GGUF with the keys and tensors of native/README.md; every tensor is checked against the spec before it is written."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bgnn_studio.core.card import Accuracy, Training
from bgnn_studio.core.files import replacing
from bgnn_studio.core.spec import NetworkSpec
from bgnn_studio.core.tensors import expected_tensors, packed_channels
from bgnn_studio.errors import ModelFileError

FORMAT_VERSION = 1


def write_model(
    path: str | os.PathLike[str],
    spec: NetworkSpec,
    tensors: Mapping[str, np.ndarray[Any, Any]],
    *,
    training: Training | None = None,
    accuracy: Accuracy | None = None,
) -> None:
    """Write a model file, whole or not at all: a file already at `path` stays as it was until the new one is complete.

    Parameters
    ----------
    path : path
        Where to write, usually ``*.gguf``; its folder must exist.
    spec : NetworkSpec
    tensors : mapping of str to array
        Exactly `expected_tensors(spec)`: float32, int32, and uint64 for packed words.
    training, accuracy : optional
        How the model was made, and what somebody measured.

    Raises
    ------
    ModelFileError
        A tensor that does not fit the spec, or a folder that cannot be written.
    """
    path = Path(path)
    _check(path, spec, tensors)
    try:
        with replacing(path) as file:
            _write(Path(file.name), spec, tensors, training, accuracy)  # the writer opens it by its name
    except OSError as error:
        raise ModelFileError(f"{path}: could not write the model ({error.strerror}). Free some space, or choose another folder.") from error


def read_tensors(path: Path, spec: NetworkSpec) -> dict[str, np.ndarray[Any, Any]]:
    """Return the tensors of a model file of this spec, which the library has opened before: what it checked is not checked again."""
    from gguf import GGUFReader

    packed = packed_channels(spec)
    found = {t.name: np.array(t.data) for t in GGUFReader(path).tensors}
    return {name: values.view(np.uint64) if name in packed else values for name, values in found.items()}


def _check(path: Path, spec: NetworkSpec, tensors: Mapping[str, np.ndarray[Any, Any]]) -> None:
    layouts, channels_of = expected_tensors(spec), packed_channels(spec)
    unknown = sorted(set(tensors) - set(layouts))
    if unknown:
        raise ModelFileError(f"{path}: a {spec.variant} model has no tensor '{unknown[0]}' (of {len(unknown)} too many).")
    for name, (shape, dtype) in layouts.items():
        if name not in tensors:
            raise ModelFileError(f"{path}: tensor '{name}' is missing; this spec needs it with shape {shape} and dtype {dtype}.")
        values = tensors[name]
        if values.shape != shape or values.dtype != dtype:
            raise ModelFileError(
                f"{path}: expected tensor '{name}' of shape {shape} with dtype {dtype} (got {values.dtype} {values.shape})."
            )
        # A threshold is infinite where the sign does not depend on the value (a gain of zero).
        if dtype == np.float32 and np.any(np.isnan(values) if name.endswith(".threshold") else ~np.isfinite(values)):
            raise ModelFileError(f"{path}: tensor '{name}' holds values that are not finite. The training diverged or the export is wrong.")
        used = channels_of.get(name, 0) % 64
        if used and np.any(values[..., -1] >> np.uint64(used)):
            raise ModelFileError(f"{path}: tensor '{name}' has pad bits that are not zero. Pack it with pack_signs.")


def _write(
    path: Path, spec: NetworkSpec, tensors: Mapping[str, np.ndarray[Any, Any]], training: Training | None, accuracy: Accuracy | None
) -> None:
    from gguf import GGUFValueType, GGUFWriter

    writer = GGUFWriter(None, "bgnn")
    text, u32, f32 = GGUFValueType.STRING, GGUFValueType.UINT32, GGUFValueType.FLOAT32

    def put(group: str, kind: GGUFValueType, **values: str | float) -> None:
        for key, value in values.items():
            if kind is u32 and not (isinstance(value, int | np.integer) and 0 <= value < 1 << 32):
                raise ModelFileError(f"Expected '{group}{key}' to be an integer from 0 to 4294967295 (got {value!r}).")
            if kind is f32 and not 0 <= float(value) <= 1:
                raise ModelFileError(f"Expected '{group}{key}' to be a fraction from 0 to 1 (got {value!r}).")
            writer.add_key_value(f"bgnn.{group}{key}", value, kind)

    put("", u32, format_version=FORMAT_VERSION, points=spec.points, k=spec.k, embedding=spec.embedding)
    put("", text, variant=spec.variant, stage=spec.stage, conv=spec.conv, first_layer=spec.first_layer)
    put("", text, edge_op=spec.edge_op, max_order=spec.max_order, skip=spec.skip, head_inputs=spec.head_inputs)
    for key, values, kind in (("widths", spec.widths, u32), ("head", spec.head, u32), ("classes", spec.classes, text)):
        writer.add_key_value(f"bgnn.{key}", values, GGUFValueType.ARRAY, kind)
    if training is not None:
        put("training.", text, dataset=training.dataset, recipe=training.recipe)
        put("training.", u32, seed=training.seed, epochs=training.epochs)
    if accuracy is not None:
        put("accuracy.", text, dataset=accuracy.dataset, split=accuracy.split)
        put("accuracy.", u32, count=accuracy.count)
        put("accuracy.", f32, overall=accuracy.overall, class_mean=accuracy.class_mean)
    for name, (_, dtype) in expected_tensors(spec).items():
        array = np.ascontiguousarray(tensors[name])
        writer.add_tensor(name, array.view(np.int64) if dtype == np.uint64 else array)
    try:
        writer.write_header_to_file(path)
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()
