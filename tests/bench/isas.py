"""What the best instruction set of this CPU gains over the one before it, step by step."""

from pathlib import Path

import numpy as np

from bgnn_studio import native
from bgnn_studio.core.spec import VARIANTS
from bgnn_studio.core.units import ms_text
from bgnn_studio.native import Model
from bgnn_studio.training.timing import write_full_size
from tests.bench.contest import Short, table
from tests.bench.scaling import PASSES, POINTS, K, least_steps_ns, sphere

ROUNDS = 4
STEPS = (  # kernels, step, network, its layer and step
    ("`extremes`, `hits`", "XorEdgeConv of layer 4", "bf2", "layer4", "edges"),
    ("`extremes`, `pack`", "BinEdgeConv of layer 4", "rf", "layer4", "edges"),
    ("`hamming`, `dots`, `chain`, `pool`", "binary embedding", "bf2", "embedding", "conv+pool"),
    ("`hamming_u8`, selection", "Hamming k-NN of layer 4", "bf2", "layer4", "knn"),
    ("`gather_extremes`", "XorEdgeConv on `cat` of layer 4", "bfr", "layer4", "edges"),
    ("`distance`, selection", "k-NN in space", "bf2", "layer1", "knn"),
    ("`gemm_extremes`", "layer 1", "bf2", "layer1", "edges"),
    ("`distance`, selection", "L2 k-NN of layer 2", "dgcnn", "layer2", "knn"),
    ("`distance`, selection", "L2 k-NN of layer 4", "dgcnn", "layer4", "knn"),
    ("`gather_max`", "EdgeConv of layer 4", "dgcnn", "layer4", "edges"),
    ("`gemm`", "real embedding", "dgcnn", "embedding", "conv+pool"),
)


def run(folder: Path, short: Short) -> None:
    """Print the table; one instruction set that is better than scalar has nothing to be compared with."""
    chosen, best = native.isa(), native.isas()[-2:]
    if "scalar" in best:
        return
    cloud = sphere()
    models = {variant: Model.open(write_full_size(variant, folder)[0]) for variant in VARIANTS}
    least: dict[tuple[str, str], list[int]] = {}
    for _ in range(ROUNDS):
        for isa in best:
            native.set_isa(isa)
            for name, model in models.items():
                least[name, isa] = least_steps_ns(model, cloud, 1, least.get((name, isa), []))
    native.set_isa(chosen)
    where = {name: [(step.layer, step.name) for step in model.infer(cloud, k=K).steps] for name, model in models.items()}
    rows = []
    for kernels, step, name, layer, part in STEPS:
        times = [least[name, isa][where[name].index((layer, part))] / 1e6 for isa in best]
        rows.append([kernels, f"{step}, `{name}`", *(ms_text(ms) for ms in times), f"{times[0] / times[1]:.2g}"])
    for name in models:
        times = [float(np.sum(least[name, isa])) / 1e6 for isa in best]
        rows.append(["all", f"`{name}`", *(ms_text(ms) for ms in times), f"{times[0] / times[1]:.2g}"])
    title = f"Steps of a pass by instruction set, N = {POINTS}, k = {K}, 1 thread: the least wall time of {ROUNDS * PASSES} passes"
    table(title, ["kernels", "step, network", *(f"{isa} [ms]" for isa in best), "ratio"], rows)
