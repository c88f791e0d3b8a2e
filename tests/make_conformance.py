"""Make tests/data/conformance: small checkpoints in the published layout and what the plain float64 oracle computes from them.

Run from the project's root: ``python -m tests.make_conformance``. Unlike the shared set: three graph layers, 90 points, k = 7, widths that
are no multiple of 64, negative gains, slopes and scales, no ``module.`` prefix.
"""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bgnn_studio.core.spec import NetworkSpec, network_spec
from tests.training.plain import Plain
from tests.training.random_network import clouds, random_network

FOLDER = Path(__file__).parent / "data" / "conformance"
CLOUDS = 4
SIZES = {"points": 90, "k": 7, "widths": (20, 40, 80), "embedding": 72, "head": (48, 33)}
CLASSES = tuple(f"class {i}" for i in range(6))


def published_state(spec: NetworkSpec, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a network's state dict under the published names and shapes."""
    out: dict[str, Tensor] = {}
    layers = len(spec.widths)
    places = [f"layers.{i}" for i in range(layers)] + ["embedding", "head.0", "head.1", "head.2"]
    names = [f"conv{i}" for i in range(1, layers + 2)] + ["linear1", "linear2", "linear3"]
    for number, (place, name) in enumerate(zip(places, names, strict=True), 1):
        own = {key.removeprefix(f"{place}."): t for key, t in state.items() if key.startswith(f"{place}.")}
        kernel = (1, 1) if number <= layers else (1,) if number == layers + 1 else ()
        weight = own["latent_weight"].reshape(*own["latent_weight"].shape, *kernel)
        norm = {key.removeprefix("norm."): t for key, t in own.items() if key.startswith("norm.")}
        if spec.conv == "EdgeConv":
            out[f"{name}.0.weight" if number <= layers + 1 else f"{name}.weight"] = weight
            out |= {f"bn{number}.{key}": t for key, t in norm.items()}
            if number <= layers + 1:
                out |= {f"{name}.1.{key}": t for key, t in norm.items()}
            if "bias" in own:
                out[f"{name}.bias"] = own["bias"]
            continue
        plain_conv = spec.on_bits and number <= layers + 1
        core, rescale, slope, center = (
            (f"{name}.0", f"{name}.1", f"{name}.2", f"bn{number}")
            if plain_conv
            else (f"{name}.core_op", f"{name}.rescale", f"{name}.activ", f"{name}.center")
        )
        out[f"{core}.weights_real"] = weight
        out |= {f"{center}.{key}": t for key, t in norm.items()}
        factors = {"b": -0.5, "c": 2.0} if number <= layers else {"b": -0.5} if number == layers + 1 else {}  # exact to divide by
        ones = [1] * len(kernel)
        out[f"{rescale}.scale_a"] = (own["rescale.scale"] / math.prod(factors.values())).reshape(-1, *ones)
        out |= {f"{rescale}.scale_{part}": torch.full([1, *ones], factor) for part, factor in factors.items()}
        if "prelu.weight" in own:
            out[f"{slope}.weight"] = own["prelu.weight"][:1]
    return {name: t.clone() for name, t in out.items()}


def make(variant: str, seed: int) -> None:
    """Write one checkpoint and its outcome."""
    spec = network_spec(variant, CLASSES, **SIZES)
    network = random_network(spec, seed, one_slope=True)
    state = published_state(spec, network.state_dict())
    torch.save(state, FOLDER / f"{variant}.t7")
    points = clouds(CLOUDS, spec.points, seed + 100)
    exact = {name: t.double() if t.is_floating_point() else t for name, t in network.state_dict().items()}
    with torch.no_grad():
        logits, graphs, outputs = Plain(spec, exact, training=False)(points.double())
    feature_type = np.int8 if spec.on_bits else np.float32
    arrays = {"points": points.numpy(), "logits": logits.numpy().astype(np.float32)}
    arrays |= {f"knn{i}": graph.numpy().astype(np.int16) for i, graph in enumerate(graphs, 1)}
    arrays |= {f"features{i}": x.numpy().astype(feature_type) for i, x in enumerate(outputs[:-1], 2)}
    np.savez_compressed(FOLDER / f"{variant}.npz", **arrays)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, number in {"dgcnn": 20, "rf": 25, "bf1": 25, "bf2": 35}.items():  # seeds with negative slopes in layers 2 and 3
        make(name, number)
