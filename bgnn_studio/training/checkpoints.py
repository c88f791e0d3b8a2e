"""Import of published checkpoints: state dicts of dgcnn, rf, bf1 and bf2, recognised by their keys.

Layouts: Wang et al. 2019 (dgcnn: `conv{i}.0.weight`, `bn{i}`, `linear{i}`) and Bahri et al. 2021 (bf: `conv{i}.0.weights_real`,
`conv{i}.1.scale_*`, `conv{i}.2.weight`, `bn{i}`; rf: `conv{i}.core_op`, `.center`, `.rescale`, `.activ`; the head of both like rf).
"""

import pickle
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from bgnn_studio.core.spec import network_spec
from bgnn_studio.errors import ModelFileError
from bgnn_studio.training.networks import Network, build_network

MODELNET40 = (
    *("airplane", "bathtub", "bed", "bench", "bookshelf", "bottle", "bowl", "car", "chair", "cone"),
    *("cup", "curtain", "desk", "door", "dresser", "flower_pot", "glass_box", "guitar", "keyboard", "lamp"),
    *("laptop", "mantel", "monitor", "night_stand", "person", "piano", "plant", "radio", "range_hood", "sink"),
    *("sofa", "stairs", "stool", "table", "tent", "toilet", "tv_stand", "vase", "wardrobe", "xbox"),
)
"""Class names of ModelNet40 in the order of its labels (alphabetical)."""

_WRAPPERS = ("model", "state_dict", "model_state_dict", "net")
_STATISTICS = ("weight", "bias", "running_mean", "running_var")
_SUPPORTED = "state dicts of dgcnn, rf, bf1 and bf2 in their published layout"


def load_checkpoint(
    path: str | Path, *, variant: str | None = None, k: int = 20, points: int = 1024, classes: tuple[str, ...] | None = None
) -> Network:
    """Load a published checkpoint as a network in evaluation mode; nothing in the file is executed.

    Parameters
    ----------
    path : str or Path
        A safetensors file, or one of `torch.save`: the state dict, or a dict that holds it under `model` or `state_dict`;
        `module.` prefixes are dropped.
    variant : str or None
        `bf1` or `bf2` have the same keys: say which here or in the file's name. The others are recognised.
    k, points : int
        What the model was trained with; a state dict does not say.
    classes : tuple of str or None
        Class names; the default is ModelNet40's where the model has 40 classes, else `class 0`, `class 1`, ...

    Raises
    ------
    ModelFileError
        Not such a file, another network, an unknown variant, or scales per point or per neighbour.
    """
    path = Path(path)
    state = _read_state(path)
    found = _recognise(path, state)
    layers = _count(path, state) - 1
    chosen = _choose(path, found, variant)
    weight = {"dgcnn": "conv{}.0.weight", "bf": "conv{}.0.weights_real", "rf": "conv{}.core_op.weights_real"}[found]
    linear = "linear{}.weight" if found == "dgcnn" else "linear{}.core_op.weights_real"
    widths = tuple(_rows(path, state, weight.format(i)) for i in range(1, layers + 1))
    embedding = _rows(path, state, weight.format(layers + 1))
    head1, head2, count = (_rows(path, state, linear.format(i)) for i in (1, 2, 3))
    if classes is None:
        classes = MODELNET40 if count == len(MODELNET40) else tuple(f"class {i}" for i in range(count))
    if len(classes) != count:
        raise ModelFileError(f"{path}: expected {count} class names, one per logit (got {len(classes)}).")
    spec = network_spec(chosen, classes, points=points, k=k, widths=widths, embedding=embedding, head=(head1, head2))
    network = build_network(spec).eval()
    expected = {name: t.shape for name, t in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    names = published_names(found, layers)
    taken = _Taken(path, state)
    network.load_state_dict({ours: taken.tensor(names[ours], shape) for ours, shape in expected.items()}, strict=False)
    taken.refuse_the_rest()
    return network


def _read_state(path: Path) -> dict[str, Tensor]:
    """Read the flat state dict of a file, wrappers and `module.` prefixes removed."""
    try:
        with path.open("rb") as file:
            start = file.read(9)
        if start.startswith(b"GGUF"):
            raise ModelFileError(f"{path}: is a model file already. Open it as it is; convert takes torch checkpoints.")
        if start[8:] == b"{":
            return _strip(_read_safetensors(path))
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ModelFileError(f"{path}: no such file.") from None
    except pickle.UnpicklingError as error:
        raise ModelFileError(
            f"{path}: expected a checkpoint with tensors only, as torch.save(model.state_dict(), path) writes it. "
            "This is something else, or holds code, which is never run. Save the state dict again."
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, AttributeError) as error:
        raise ModelFileError(
            f"{path}: expected a checkpoint with tensors only, as torch.save(model.state_dict(), path) writes it "
            f"(got {_first_line(error)}). Save the state dict again."
        ) from error
    while isinstance(loaded, Mapping) and (inner := [loaded[w] for w in _WRAPPERS if isinstance(loaded.get(w), Mapping)]):
        loaded = inner[0]
    if not isinstance(loaded, Mapping):
        raise ModelFileError(f"{path}: expected a state dict (got {type(loaded).__name__}). Supported: {_SUPPORTED}.")
    return _strip(loaded)


def _strip(loaded: Mapping[object, object]) -> dict[str, Tensor]:
    return {str(name).removeprefix("module."): t for name, t in loaded.items() if isinstance(t, Tensor)}


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(path.read_bytes())
    except SafetensorError as error:
        raise ModelFileError(f"{path}: expected a safetensors file (damaged: {_first_line(error)}). Save or download it again.") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]


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


def _choose(path: Path, found: str, variant: str | None) -> str:
    """Return the variant, by its layout, what the caller says and, between bf1 and bf2, the file's name."""
    fitting = ("bf1", "bf2") if found == "bf" else (found,)
    if variant is not None:
        if variant not in fitting:
            raise ModelFileError(f"{path}: expected the variant {' or '.join(fitting)}, which its keys say (got {variant!r}).")
        return variant
    if found != "bf":
        return found
    named = [v for v in fitting if v in path.name.lower()]
    if len(named) != 1:
        raise ModelFileError(
            f"{path}: bf1 and bf2 have the same keys, and the file name does not say which. Give --variant bf1 or --variant bf2."
        )
    return named[0]


def _count(path: Path, state: Mapping[str, Tensor]) -> int:
    """Return the number of `conv` layers, the embedding included."""
    numbers = {int(m[1]) for name in state if (m := re.match(r"conv(\d+)\.", name))}
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
