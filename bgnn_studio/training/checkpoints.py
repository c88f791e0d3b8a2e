"""Import of published checkpoints: state dicts of dgcnn, rf, bf1 and bf2, recognised by their keys.

Layouts: Wang et al. 2019 (dgcnn: `conv{i}.0.weight`, `bn{i}`, `linear{i}`) and Bahri et al. 2021 (bf: `conv{i}.0.weights_real`,
`conv{i}.1.scale_*`, `conv{i}.2.weight`, `bn{i}`; rf: `conv{i}.core_op`, `.center`, `.rescale`, `.activ`; the head of both like rf).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from bgnn_studio.core.spec import network_spec
from bgnn_studio.errors import ModelFileError
from bgnn_studio.training.networks import Network, build_network
from bgnn_studio.training.state_files import read_state

MODELNET40 = (
    *("airplane", "bathtub", "bed", "bench", "bookshelf", "bottle", "bowl", "car", "chair", "cone"),
    *("cup", "curtain", "desk", "door", "dresser", "flower_pot", "glass_box", "guitar", "keyboard", "lamp"),
    *("laptop", "mantel", "monitor", "night_stand", "person", "piano", "plant", "radio", "range_hood", "sink"),
    *("sofa", "stairs", "stool", "table", "tent", "toilet", "tv_stand", "vase", "wardrobe", "xbox"),
)
"""Class names of ModelNet40 in the order of its labels (alphabetical)."""

_STATISTICS = ("weight", "bias", "running_mean", "running_var")
_SUPPORTED = "state dicts of dgcnn, rf, bf1 and bf2 in their published layout"


@dataclass(frozen=True)
class CheckpointFacts:
    """What a checkpoint says of itself; how many neighbours and points it was trained with no state dict says.

    Attributes
    ----------
    variants : tuple of str
        What it may be: one, or ``bf1`` and ``bf2``, which have the same keys.
    named : str or None
        The one of them that the file's name says.
    widths, embedding, head
        See `NetworkSpec`.
    classes : int
        How many.
    """

    variants: tuple[str, ...]
    named: str | None
    widths: tuple[int, ...]
    embedding: int
    head: tuple[int, int]
    classes: int


def describe_checkpoint(path: str | Path) -> CheckpointFacts:
    """Return what a checkpoint says of itself; raises `ModelFileError` as `load_checkpoint` does."""
    path = Path(path)
    return _facts(path, read_state(path))


def load_checkpoint(
    path: str | Path, *, k: int, points: int, variant: str | None = None, classes: tuple[str, ...] | None = None
) -> Network:
    """Load a published checkpoint as a network in evaluation mode; nothing in the file is executed.

    Parameters
    ----------
    path : str or Path
        A safetensors file, or one of `torch.save`: the state dict, or a dict that holds it under `model` or `state_dict`;
        `module.` prefixes are dropped.
    k, points : int
        What the model was trained with; a state dict does not say.
    variant : str or None
        `bf1` or `bf2` have the same keys: say which here or in the file's name. The others are recognised.
    classes : tuple of str or None
        Class names; None: see `default_classes`.

    Raises
    ------
    ModelFileError
        Not such a file, another network, an unknown variant, or scales per point or per neighbour.
    """
    path = Path(path)
    state = read_state(path)
    facts = _facts(path, state)
    chosen = _choose(path, facts, variant)
    if classes is None:
        classes = default_classes(facts.classes)
    if len(classes) != facts.classes:
        raise ModelFileError(f"{path}: expected {facts.classes} class names, one per logit (got {len(classes)}).")
    sizes = {"widths": facts.widths, "embedding": facts.embedding, "head": facts.head}
    spec = network_spec(chosen, classes, points=points, k=k, **sizes)
    with torch.device("meta"):  # rows of small tensors may promise a network that no memory holds: its shapes are checked first
        shapes = {name: t.shape for name, t in build_network(spec).state_dict().items() if not name.endswith("num_batches_tracked")}
    names = published_names(layout_of(chosen), len(facts.widths))
    taken = _Taken(path, state)
    values = {ours: taken.tensor(names[ours], shape) for ours, shape in shapes.items()}
    taken.refuse_the_rest()
    network = build_network(spec).eval()
    network.load_state_dict(values, strict=False)
    return network


def default_classes(count: int) -> tuple[str, ...]:
    """Return ModelNet40's class names where there are 40 classes, else ``class 0``, ``class 1``, ..."""
    return MODELNET40 if count == len(MODELNET40) else tuple(f"class {i}" for i in range(count))


def layout_of(variant: str) -> str:
    """Return the layout in which a variant is published: `dgcnn`, `rf` or `bf`."""
    return "bf" if variant in ("bf1", "bf2") else variant


def _facts(path: Path, state: Mapping[str, Tensor]) -> CheckpointFacts:
    found = _recognise(path, state)
    layers = _count(path, state) - 1
    weight = {"dgcnn": "conv{}.0.weight", "bf": "conv{}.0.weights_real", "rf": "conv{}.core_op.weights_real"}[found]
    linear = "linear{}.weight" if found == "dgcnn" else "linear{}.core_op.weights_real"
    widths = tuple(_rows(path, state, weight.format(i)) for i in range(1, layers + 1))
    embedding = _rows(path, state, weight.format(layers + 1))
    head1, head2, count = (_rows(path, state, linear.format(i)) for i in (1, 2, 3))
    variants = ("bf1", "bf2") if found == "bf" else (found,)
    named = [variant for variant in variants if variant in path.name.lower()]
    return CheckpointFacts(variants, named[0] if len(named) == 1 else None, widths, embedding, (head1, head2), count)


def _recognise(path: Path, state: Mapping[str, Tensor]) -> str:
    """Return `dgcnn`, `bf` or `rf`."""
    keys = {"conv1.0.weights_real": "bf", "conv1.core_op.weights_real": "rf", "conv1.0.weight": "dgcnn"}
    found = next((layout for key, layout in keys.items() if key in state), None)
    if found is None:
        some = ", ".join(list(state)[:4]) or "no tensors"
        raise ModelFileError(
            f"{path}: not a network known here: its tensors are {some}{', ...' if len(state) > 4 else ''}. Supported: {_SUPPORTED}."
        )
    if not any(name.startswith("linear1.") for name in state):
        layers = ", ".join(sorted({name.partition(".")[0] for name in state}))
        raise ModelFileError(
            f"{path}: expected a classifier, with a head linear1, linear2, linear3 (found the layers {layers[:160]}: a segmentation "
            f"network, or a part of one). Supported: {_SUPPORTED}."
        )
    return found


def _choose(path: Path, facts: CheckpointFacts, variant: str | None) -> str:
    """Return the variant, by its layout, what the caller says and, between bf1 and bf2, the file's name."""
    if variant is not None:
        if variant not in facts.variants:
            raise ModelFileError(f"{path}: expected the variant {' or '.join(facts.variants)}, which its keys say (got {variant!r}).")
        return variant
    chosen = facts.variants[0] if len(facts.variants) == 1 else facts.named
    if chosen is None:
        raise ModelFileError(
            f"{path}: bf1 and bf2 have the same keys, and the file name does not say which. Give --variant bf1 or --variant bf2."
        )
    return chosen


def _count(path: Path, state: Mapping[str, Tensor]) -> int:
    """Return the number of `conv` layers, the embedding included."""
    numbers = {int(m[1]) for name in state if (m := re.match(r"conv([0-9]{1,4})\.", name))}
    if len(numbers) < 2 or numbers != set(range(1, len(numbers) + 1)):
        raise ModelFileError(f"{path}: expected conv1, conv2, ... of which the last is the embedding (got {sorted(numbers)}).")
    return len(numbers)


def _rows(path: Path, state: Mapping[str, Tensor], name: str) -> int:
    if name not in state or state[name].ndim < 2:
        raise ModelFileError(f"{path}: tensor '{name}' is missing or no matrix. Supported: {_SUPPORTED}.")
    return int(state[name].shape[0])


def published_names(found: str, layers: int) -> dict[str, str]:
    """Map the names of our state dict to the published ones; a scale stands for the product of scale_a, scale_b, scale_c."""
    names: dict[str, str] = {}

    def norm(ours: str, theirs: str) -> None:
        names.update({f"{ours}.norm.{s}": f"{theirs}.{s}" for s in _STATISTICS})

    def block(ours: str, theirs: str) -> None:
        norm(ours, f"{theirs}.center")
        names[f"{ours}.latent_weight"] = f"{theirs}.core_op.weights_real"
        names[f"{ours}.rescale.scale"] = f"{theirs}.rescale.scale"
        names[f"{ours}.prelu.weight"] = f"{theirs}.activ.weight"

    convs = [*(f"layers.{i}" for i in range(layers)), "embedding"]
    heads = ["head.0", "head.1", "head.2"]
    for i, ours in enumerate(convs, 1):
        if found == "rf":
            block(ours, f"conv{i}")
        else:
            norm(ours, f"bn{i}")
            names[f"{ours}.latent_weight"] = f"conv{i}.0.{'weight' if found == 'dgcnn' else 'weights_real'}"
            names[f"{ours}.rescale.scale"] = f"conv{i}.1.scale"
            names[f"{ours}.prelu.weight"] = f"conv{i}.2.weight"
    for i, ours in enumerate(heads, 1):
        if found == "dgcnn":
            norm(ours, f"bn{layers + 1 + i}")
            names |= {f"{ours}.latent_weight": f"linear{i}.weight", f"{ours}.bias": f"linear{i}.bias"}
        else:
            block(ours, f"linear{i}")
    return names


class _Taken:
    """The tensors of a checkpoint, handed out by name and shape; what nobody asked for is refused at the end."""

    def __init__(self, path: Path, state: Mapping[str, Tensor]) -> None:
        self._path, self._state = path, state
        self._used: set[str] = set()

    def tensor(self, name: str, shape: torch.Size) -> Tensor:
        """Return a tensor as float32 of the shape asked for, without trailing 1 x 1 kernel axes; a lone PReLU slope is repeated."""
        if name.endswith(".scale"):
            return self._scale(name, shape)
        t = self._get(name)
        if name.endswith(("activ.weight", ".2.weight")) and t.numel() == 1:
            t = t.reshape(1).expand(shape)
        if tuple(t.shape[: len(shape)]) != tuple(shape) or t.numel() != shape.numel():
            raise ModelFileError(f"{self._path}: tensor '{name}' has shape {tuple(t.shape)}, the other tensors ask for {tuple(shape)}.")
        if name.endswith("running_var") and bool((t < 0).any()):
            raise ModelFileError(f"{self._path}: tensor '{name}' holds negative variances.")
        return t.reshape(shape)

    def _scale(self, name: str, shape: torch.Size) -> Tensor:
        """Multiply scale_a (per channel) by scale_b and scale_c (one value each, where present)."""
        product = self._get(f"{name}_a")
        for part, axis in (("b", "point"), ("c", "neighbour")):
            if f"{name}_{part}" in self._state:
                factor = self._get(f"{name}_{part}")
                if factor.numel() != 1:
                    raise ModelFileError(
                        f"{self._path}: '{name}_{part}' has {factor.numel()} values, a scale per {axis}. Such a scale ties a model to one "
                        f"number of {axis}s and has no integer thresholds: only scales per channel are supported."
                    )
                product = product * factor.reshape(())
        if product.numel() != shape.numel():
            raise ModelFileError(
                f"{self._path}: '{name}_a' has {product.numel()} values, the layer has {shape.numel()} channels: "
                "only scales per channel are supported."
            )
        return product.reshape(shape)

    def _get(self, name: str) -> Tensor:
        if name not in self._state:
            raise ModelFileError(f"{self._path}: tensor '{name}' is missing. Supported: {_SUPPORTED}.")
        self._used.add(name)
        t = self._state[name].float()
        if not bool(t.isfinite().all()):
            raise ModelFileError(f"{self._path}: tensor '{name}' holds values that are not finite.")
        return t

    def refuse_the_rest(self) -> None:
        """Refuse tensors that no layer took, but for counters and dgcnn's second name of each batch norm (`conv{i}.1`)."""
        rest = set(self._state) - self._used
        aliases = {f"conv{m[1]}.1.{m[2]}" for name in self._used if (m := re.fullmatch(r"bn(\d+)\.(\w+)", name))}
        rest = sorted(name for name in rest - aliases if not name.endswith("num_batches_tracked"))
        if rest:
            raise ModelFileError(f"{self._path}: tensors of another network: {', '.join(rest[:4])}. Supported: {_SUPPORTED}.")
