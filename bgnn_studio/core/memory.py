"""Memory of a model, computed from its spec (not measured): parameters and activations, float32 against packed.

Activations do not add up to the peak: the engine reuses buffers from layer to layer. The peak is the arena's size, which it reports.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from bgnn_studio.core.spec import NetworkSpec
from bgnn_studio.core.tensors import TensorLayout, expected_tensors, packed_channels, words_of

NORMS = ("scale", "slope", "pre_gain", "pre_offset", "post_gain", "post_offset")


@dataclass(frozen=True)
class Figure:
    """A computed number of bytes, and the formula it came from."""

    bytes: int
    formula: str

    def __add__(self, other: "Figure") -> "Figure":
        """Add two figures; the formula of one that is 0 is left out."""
        formulas = [f.formula for f in (self, other) if f.bytes]
        return Figure(self.bytes + other.bytes, " + ".join(formulas) or "none")


NOTHING = Figure(0, "none")


@dataclass(frozen=True)
class LayerParameters:
    """Parameters of one layer.

    Attributes
    ----------
    layer : str
        ``layer1`` ... ``layerL``, ``embedding`` or ``head``, as in the steps of an inference.
    float32 : Figure
        Weights, scales and norms if all were float32.
    weights, norms, thresholds : Figure
        What the file holds: the weights (packed where they are binary), scales, slopes and norms, and what export derived
        from these for integer arithmetic (thresholds, hits, tables).
    """

    layer: str
    float32: Figure
    weights: Figure
    norms: Figure
    thresholds: Figure

    @property
    def packed(self) -> Figure:
        """All that the file holds of this layer."""
        return self.weights + self.norms + self.thresholds


@dataclass(frozen=True)
class Activation:
    """One tensor between the steps of a layer.

    Attributes
    ----------
    layer, tensor : str
        Where, and ``graph``, ``edges``, ``input`` or ``output``.
    float32 : Figure
        As the float network has it.
    packed : Figure
        As this model has it: bits in words where the values are signs.
    kept : bool
        Whether the engine stores it; what a maximum or a pooling follows at once it never does.
    """

    layer: str
    tensor: str
    float32: Figure
    packed: Figure
    kept: bool


def parameter_memory(spec: NetworkSpec) -> tuple[LayerParameters, ...]:
    """Return the parameters of each layer, in the order of execution."""
    bits = packed_channels(spec)
    layers: dict[str, LayerParameters] = {}
    for tensor, layout in expected_tensors(spec).items():
        prefix, _, part = tensor.partition(".")
        layer = "head" if prefix.startswith("linear") else prefix.replace("conv", "layer")
        before = layers.get(layer, LayerParameters(layer, NOTHING, NOTHING, NOTHING, NOTHING))
        stored = _stored(layout)
        if part == "weight":
            rows, columns = layout.shape
            real = Figure(4 * rows * bits.get(tensor, columns), f"{rows} × {bits.get(tensor, columns)} × 4 bytes")
            layers[layer] = LayerParameters(layer, before.float32 + real, before.weights + stored, before.norms, before.thresholds)
        elif part in NORMS:
            named = Figure(stored.bytes, f"{part} {stored.formula}")
            layers[layer] = LayerParameters(layer, before.float32 + named, before.weights, before.norms + named, before.thresholds)
        else:
            named = Figure(stored.bytes, f"{part} {stored.formula}")
            layers[layer] = LayerParameters(layer, before.float32, before.weights, before.norms, before.thresholds + named)
    return tuple(layers.values())


def activation_memory(spec: NetworkSpec, points: int, k: int) -> tuple[Activation, ...]:
    """Return the activations of every layer for one cloud of N points with k neighbours, in the order of execution."""
    return (*_graph_layers(spec, points, k), *_embedding(spec, points), *_head(spec))


def _graph_layers(spec: NetworkSpec, N: int, k: int) -> Iterator[Activation]:
    nodes, edges = f"{N} points", f"{N} points × {k} neighbours"
    for number, (channels, out) in enumerate(zip(spec.in_channels, spec.widths, strict=True), start=1):
        layer = f"layer{number}"
        graph = Figure(4 * N * k, f"{edges} × 4 bytes (int32 index)")
        yield Activation(layer, "graph", graph, graph, kept=True)
        real, packed = _real(N * k, edges, 2 * channels), _bits(N * k, edges, 2 * channels)
        yield Activation(layer, "edges", real, packed if number > 1 and spec.stage == "binary" else real, kept=False)
        real, packed = _real(N, nodes, out), _bits(N, nodes, out)
        if not spec.on_bits:
            packed = real
        elif spec.stage == "sign":  # the signs as numbers for the products, as bits for the next graph
            packed = packed + real
        if spec.skip == "real" and number < len(spec.widths):  # the next layer adds the real values
            packed = packed + real
        yield Activation(layer, "output", real, packed, kept=True)


def _embedding(spec: NetworkSpec, N: int) -> Iterator[Activation]:
    nodes, channels = f"{N} points", sum(spec.widths)
    real, packed = _real(N, nodes, channels), _bits(N, nodes, channels)
    if spec.stage != "binary":  # the outputs of the layers, where they lie
        yield Activation("embedding", "input", real, real, kept=False)
    else:
        yield Activation("embedding", "input", real, packed, kept=True)
    real = _real(N, nodes, spec.embedding)
    yield Activation("embedding", "output", real, real, kept=False)


def _head(spec: NetworkSpec) -> Iterator[Activation]:
    widths = (2 * spec.embedding, *spec.head)
    real, packed = NOTHING, NOTHING
    for number, channels in enumerate(widths, start=1):
        real = real + _real(1, "1 cloud", channels)
        signs = spec.head_inputs == "sign" and number < 3 and spec.stage == "binary"
        packed = packed + (_bits if signs else _real)(1, "1 cloud", channels)
    yield Activation("head", "input", real, packed, kept=True)


def _stored(layout: TensorLayout) -> Figure:
    shape = " × ".join(str(n) for n in layout.shape)
    unit = "words × 8 bytes" if layout.dtype.itemsize == 8 else "× 4 bytes"
    return Figure(prod(layout.shape) * layout.dtype.itemsize, f"{shape} {unit}")


def _real(rows: int, words: str, channels: int) -> Figure:
    return Figure(4 * rows * channels, f"{words} × {channels} channels × 4 bytes")


def _bits(rows: int, words: str, channels: int) -> Figure:
    return Figure(8 * rows * words_of(channels), f"{words} × {words_of(channels)} words × 8 bytes ({channels} bits)")
