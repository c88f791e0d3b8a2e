"""What a network takes in memory: every figure says whether it was computed or measured, and how."""

from dataclasses import dataclass
from math import prod
from typing import Literal

from bgnn_studio.core.spec import NetworkSpec
from bgnn_studio.core.tensors import expected_tensors, packed_channels, words_of


@dataclass(frozen=True)
class Figure:
    """One size: its name, bytes, whether it was ``computed`` from the spec or ``measured``, and the formula or source."""

    name: str
    size_bytes: int
    kind: Literal["computed", "measured"]
    formula: str


def float_parameter_bytes(spec: NetworkSpec) -> int:
    """Return the bytes of all convolution and linear weights as float32."""
    bits = packed_channels(spec)
    shapes = {name: layout.shape for name, layout in expected_tensors(spec).items() if name.endswith(".weight")}
    return 4 * sum(prod(shape[:-1]) * bits.get(name, shape[-1]) for name, shape in shapes.items())


def stored_parameter_bytes(spec: NetworkSpec) -> int:
    """Return the bytes of the same weights as the model file stores them: packed words where they are binary."""
    return sum(prod(layout.shape) * layout.dtype.itemsize for name, layout in expected_tensors(spec).items() if name.endswith(".weight"))


def activation_bytes(spec: NetworkSpec, points: int) -> tuple[int, int]:
    """Return the bytes of all graph layers' outputs for a cloud, as float32 and as the network passes them on."""
    as_float = 4 * points * sum(spec.widths)
    return as_float, 8 * points * sum(words_of(width) for width in spec.widths) if spec.on_bits else as_float


def figures(spec: NetworkSpec, points: int, file_bytes: int, prepared_bytes: int, arena_bytes: int | None) -> list[Figure]:
    """Return the figures of a model and, with `arena_bytes`, of a forward pass on a cloud of `points` points."""
    widths = " + ".join(map(str, spec.widths))
    as_float, passed = activation_bytes(spec, points)
    found = [
        Figure("Parameters, float32", float_parameter_bytes(spec), "computed", "4 bytes for each weight of every convolution and linear"),
        Figure("Parameters, stored", stored_parameter_bytes(spec), "computed", "8 bytes for 64 binary weights of a row, 4 for a real one"),
        Figure("Model file", file_bytes, "measured", "The size on disk: weights, scales, norms, thresholds or tables, and their names"),
        Figure("Prepared weights", prepared_bytes, "measured", "What opening allocated besides the file: weights in the kernels' layout"),
        Figure("Activations, float32", as_float, "computed", f"4 bytes x {points} points x ({widths}): outputs of the graph layers"),
    ]
    if spec.on_bits:
        formula = f"{points} points x ({widths}) channels / 8, rows padded to 64 bits: outputs of the graph layers"
        found.append(Figure("Activations, bits", passed, "computed", formula))
    if arena_bytes is not None:
        found.append(Figure("Arena", arena_bytes, "measured", "Scratch memory of this forward pass, trace apart"))
    return found
