"""A model file back to a torch state dict in its published layout (the way of `checkpoints` in reverse).

The file has batch norms folded to gain and offset: they come back as weight and bias with mean 0 and variance 1 - eps, which fold to the
same bits again. Of a binary weight only its sign is there: latent weights come back as -1 and +1.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bgnn_studio.core.bits import unpack_signs
from bgnn_studio.core.files import replacing
from bgnn_studio.core.spec import BATCH_NORM_EPS, NetworkSpec, network_spec
from bgnn_studio.core.tensors import packed_channels
from bgnn_studio.errors import ModelFileError
from bgnn_studio.io.model_file import read_tensors
from bgnn_studio.training.checkpoints import layout_of, published_names
from bgnn_studio.training.export import Tensors, export_tensors
from bgnn_studio.training.networks import Network, build_network

TOLERANCE = 1e-5  # relative; measured on the bundled models: at most 5e-6
_KERNEL_AXES = {"embedding": 1}  # a Conv1d; graph layers are Conv2d, the head is linear


def save_published(model_file: Path, spec: NetworkSpec, output: Path) -> int:
    """Write the state dict of a model file of this spec, for `torch.load(output, weights_only=True)`.

    Returns how many thresholds of real inputs an export of it would place by up to `TOLERANCE` elsewhere, because the norms before them
    were folded; every other tensor comes out with the same bits. 0 for dgcnn.

    Raises
    ------
    ModelFileError
        One that has no published layout (`bfr`, or other options than its variant's), or one of which an export of
        the state dict would differ by more.
    """
    sizes = {name: getattr(spec, name) for name in ("points", "k", "widths", "embedding", "head")}
    if spec.variant == "bfr" or spec != network_spec(spec.variant, spec.classes, **sizes):
        raise ModelFileError(
            f"{model_file}: a {spec.variant} with these options has no published layout: "
            "only dgcnn, rf, bf1 and bf2 as in their papers have one."
        )
    tensors = read_tensors(model_file, spec)
    network = _rebuild(spec, tensors)
    moved = _moved_thresholds(model_file, tensors, export_tensors(network))
    state = _publish(spec, network)
    try:
        with replacing(output) as file:
            torch.save(state, file)
    except OSError as error:
        raise ModelFileError(f"{output}: could not write the checkpoint ({error.strerror}). Choose another folder.") from error
    return moved


def _moved_thresholds(path: Path, tensors: Tensors, again: Tensors) -> int:
    """Return how many thresholds differ within the tolerance; raises `ModelFileError` for any other difference."""
    changed = [name for name, values in tensors.items() if again[name].tobytes() != values.tobytes()]
    for name in changed:
        finite = np.abs(tensors[name][np.isfinite(tensors[name])])
        rounding = float(finite.max(initial=0.0)) * np.finfo(np.float32).eps  # of the largest: small ones are differences of such
        if not name.endswith(".threshold") or not np.allclose(again[name], tensors[name], rtol=TOLERANCE, atol=rounding):
            raise ModelFileError(
                f"{path}: torch would not give its tensor '{name}' again: the file has its norms folded, and too much was lost. "
                "Keep the checkpoint that it was made of."
            )
    return sum(int(np.count_nonzero(again[name] != tensors[name])) for name in changed)


@torch.no_grad()
def _rebuild(spec: NetworkSpec, tensors: Tensors) -> Network:
    """Return the network, in evaluation mode, whose export is this file."""
    network, packed = build_network(spec).eval(), packed_channels(spec)
    state = network.state_dict()
    parts = {"latent_weight": "weight", "rescale.scale": "scale", "prelu.weight": "slope"}
    folded = {"norm.weight": "gain", "norm.bias": "offset"}
    for ours, value in state.items():
        module, part = _split(ours)
        layer = _layer_name(module)
        if part in parts:
            name = f"{layer}.{parts[part]}"
            values = unpack_signs(tensors[name], packed[name]) if name in packed else tensors[name]
            value.copy_(torch.from_numpy(np.asarray(values, np.float32)))
        elif part in folded:
            side = "pre" if f"{layer}.pre_gain" in tensors else "post"
            value.copy_(torch.from_numpy(tensors[f"{layer}.{side}_{folded[part]}"]))
        elif part == "norm.running_var":
            value.fill_(1 - BATCH_NORM_EPS)
        elif part == "bias":  # of a linear: in the offset of its norm, but for the last one
            has_norm = f"{layer}.post_gain" in tensors
            value.copy_(torch.zeros_like(value) if has_norm else torch.from_numpy(tensors[f"{layer}.post_offset"]))
    network.load_state_dict(state)
    return network


def _split(ours: str) -> tuple[str, str]:
    """Return ``layers.0`` and ``norm.weight`` of ``layers.0.norm.weight``."""
    words = ours.split(".")
    depth = 1 if words[0] == "embedding" else 2
    return ".".join(words[:depth]), ".".join(words[depth:])


def _layer_name(module: str) -> str:
    """Return the name in the file of a module: ``conv1`` of ``layers.0``, ``linear1`` of ``head.0``."""
    kind, _, number = module.partition(".")
    return {"layers": "conv", "head": "linear", "embedding": "embedding"}[kind] + (str(int(number) + 1) if number else "")


def _publish(spec: NetworkSpec, network: Network) -> dict[str, Tensor]:
    """Rename and reshape to the published layout, with the counters and second names that strict loading asks for."""
    found = layout_of(spec.variant)
    layers = len(spec.widths)
    theirs = published_names(found, layers)
    state: dict[str, Tensor] = {}
    for ours, value in network.state_dict().items():
        module, part = _split(ours)
        axes = 0 if module.startswith("head") else _KERNEL_AXES.get(module, 2)
        if part == "norm.num_batches_tracked":
            state[theirs[f"{module}.norm.weight"].replace(".weight", ".num_batches_tracked")] = value
        elif part == "latent_weight":
            state[theirs[ours]] = value.reshape(*value.shape, *(1,) * axes)
        elif part == "rescale.scale":
            state[f"{theirs[ours]}_a"] = value.reshape(-1, *(1,) * axes)
            state.update({f"{theirs[ours]}_{factor}": torch.ones((1,) * (axes + 1)) for factor in "bc"[:axes]})
        elif part == "prelu.weight":
            state[theirs[ours]] = value[:1] if bool((value == value[0]).all()) else value
        else:
            state[theirs[ours]] = value
    if found == "dgcnn":  # each norm of a convolution is there by two names
        norms = [(name, f"conv{name[2 : name.index('.')]}.1.{name.partition('.')[2]}") for name in state if name.startswith("bn")]
        state |= {alias: state[name] for name, alias in norms if int(name[2 : name.index(".")]) <= layers + 1}
    return {name: value.clone() for name, value in state.items()}
