"""The network spec: what a model computes, in one frozen dataclass that the engine, the torch modules and the file share.

Source: Bahri, Bahl, Zafeiriou, "Binary Graph Neural Networks", CVPR 2021 (rf, bf1, bf2); Wang et al., "Dynamic Graph
CNN for Learning on Point Clouds", ACM TOG 2019 (dgcnn). `bfr` is this project's own combination.
"""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from bgnn_studio.errors import ModelFileError

Conv = Literal["EdgeConv", "BinEdgeConv", "XorEdgeConv"]
Stage = Literal["teacher", "tanh", "sign", "binary"]
STAGES: tuple[Stage, ...] = get_args(Stage)

BATCH_NORM_EPS = 1e-5
LEAKY_SLOPE = 0.2
MAX_LAYERS = 8


@dataclass(frozen=True)
class NetworkSpec:
    """What one network computes.

    Attributes
    ----------
    variant : str
        Name of the preset: ``dgcnn``, ``rf``, ``bf1``, ``bf2`` or ``bfr``; display only, the other fields decide.
    stage : str
        ``teacher`` (float dgcnn), ``tanh``, ``sign`` or ``binary``: the stage of the cascade that the weights come from.
    conv : str
        Graph layer: ``EdgeConv`` (real), ``BinEdgeConv`` (real features, binary convolution), ``XorEdgeConv`` (bits).
    points, k : int
        Points and neighbours the model was trained with; another number of points may be given at inference.
    widths : tuple of int
        Output channels of each graph layer.
    embedding : int
        Channels before the pooling.
    head : tuple of int
        Widths of the two hidden linear blocks.
    classes : tuple of str
        Class names; their number is the number of logits.
    first_layer : str
        ``binary`` or ``float`` weights in graph layer 1 (``float`` for EdgeConv); all weights are real but at stage ``binary``.
    edge_op : str
        ``diff`` (x_j - x_i, real features), ``xor`` (-x_j * x_i) or ``cat`` (x_j itself) on bits. The second half of the
        edge feature is always x_i. Layer 1 always uses ``diff``, and so do ``xor`` networks at stage ``tanh``.
    max_order : str
        ``before_norm`` (max, then batch norm: bf1) or ``after_norm`` (bf2). Only XorEdgeConv has a choice.
    skip : str
        ``none`` or ``real``: y_l = BN(PReLU(s * dot)) + y_(l-1) from layer 2 on, bits = sign(y_l).
    head_inputs : str
        ``sign`` or ``real``: whether head blocks 1 and 2 binarize their inputs.
    """

    variant: str
    stage: Stage
    conv: Conv
    points: int
    k: int
    widths: tuple[int, ...]
    embedding: int
    head: tuple[int, int]
    classes: tuple[str, ...]
    first_layer: Literal["binary", "float"] = "binary"
    edge_op: Literal["diff", "xor", "cat"] = "xor"
    max_order: Literal["before_norm", "after_norm"] = "after_norm"
    skip: Literal["none", "real"] = "none"
    head_inputs: Literal["sign", "real"] = "sign"

    def __post_init__(self) -> None:
        """Refuse a combination that no engine runs; raises `ModelFileError`."""
        for name in ("stage", "conv", "first_layer", "edge_op", "max_order", "skip", "head_inputs"):
            allowed = get_args(_ANNOTATIONS[name])
            if getattr(self, name) not in allowed:
                raise ModelFileError(f"Expected '{name}' to be one of {', '.join(allowed)} (got {getattr(self, name)!r}).")
        if not 1 <= len(self.widths) <= MAX_LAYERS:
            raise ModelFileError(f"Expected 1 to {MAX_LAYERS} graph layers (got {len(self.widths)}).")
        sizes = (self.points, self.k, self.embedding, *self.widths, *self.head, len(self.classes))
        if len(self.head) != 2 or min(sizes) < 1:
            raise ModelFileError(f"Expected positive sizes and two head widths (got {sizes}).")
        if (self.conv == "XorEdgeConv") != (self.edge_op in ("xor", "cat")):
            raise ModelFileError(f"{self.conv} does not take the edge op '{self.edge_op}': real features use diff, bits xor or cat.")
        if self.skip == "real":
            self._check_skip()
        if (self.conv == "EdgeConv") != (self.stage == "teacher"):
            raise ModelFileError(f"Stage '{self.stage}' does not go with {self.conv}.")
        if self.conv == "EdgeConv" and (self.first_layer, self.head_inputs) != ("float", "real"):
            raise ModelFileError("EdgeConv is real throughout: it needs first_layer = float and head_inputs = real.")

    def _check_skip(self) -> None:
        if self.conv != "XorEdgeConv":
            raise ModelFileError(f"{self.conv} has no real skip: only XorEdgeConv does.")
        if any(b % a for a, b in zip(self.widths, self.widths[1:], strict=False)):
            raise ModelFileError(f"A real skip repeats channels: each width must be a multiple of the one before (got {self.widths}).")

    @property
    def in_channels(self) -> tuple[int, ...]:
        """Input channels of each graph layer (the edge feature has twice as many)."""
        return (3, *self.widths[:-1])

    @property
    def title(self) -> str:
        """The variant, and its stage where that is not the one a variant ends with."""
        return f"{self.variant}, {self.stage}" if self.stage in ("tanh", "sign") else self.variant

    @property
    def on_bits(self) -> bool:
        """Whether features between layers are bits, and graphs of layers 2 on are built in Hamming space."""
        return self.conv == "XorEdgeConv" and self.stage != "tanh"


_ANNOTATIONS = {f.name: f.type for f in fields(NetworkSpec)}

# The published widths (DESIGN section 2); any other sizes are given as overrides.
_FULL: dict[str, Any] = {"points": 1024, "k": 20, "widths": (64, 64, 128, 256), "embedding": 1024, "head": (512, 256)}
_OPTIONS: dict[str, dict[str, Any]] = {
    "dgcnn": {"conv": "EdgeConv", "stage": "teacher", "first_layer": "float", "edge_op": "diff", "head_inputs": "real"},
    "rf": {"conv": "BinEdgeConv", "edge_op": "diff"},
    "bf1": {"conv": "XorEdgeConv", "max_order": "before_norm"},
    "bf2": {"conv": "XorEdgeConv", "max_order": "after_norm"},
    "bfr": {
        "conv": "XorEdgeConv",
        "max_order": "before_norm",
        "first_layer": "float",
        "edge_op": "cat",
        "skip": "real",
        "head_inputs": "real",
    },
}
VARIANTS = tuple(_OPTIONS)


def network_spec(variant: str, classes: tuple[str, ...], **overrides: Any) -> NetworkSpec:  # noqa: ANN401
    """Return the published setting of a variant, stage ``binary`` (``teacher`` for dgcnn), with some fields overridden.

    Raises
    ------
    ModelFileError
        Unknown variant, or a combination that no engine runs.
    """
    if variant not in _OPTIONS:
        raise ModelFileError(f"Expected a variant among {', '.join(VARIANTS)} (got {variant!r}).")
    return NetworkSpec(**{"variant": variant, "stage": "binary", "classes": classes, **_FULL, **_OPTIONS[variant], **overrides})


def float_twin(spec: NetworkSpec) -> NetworkSpec:
    """Return the float network (`dgcnn`) of the same sizes, points, neighbours and classes."""
    sizes = ("points", "k", "widths", "embedding", "head")
    return network_spec("dgcnn", spec.classes, **{name: getattr(spec, name) for name in sizes})


def at_stage(spec: NetworkSpec, stage: Stage) -> NetworkSpec:
    """Return the same network at another stage of the cascade."""
    return replace(spec, stage=stage)
