"""End to end: one forward pass of the published sizes on one cloud of 1,024 points, k = 20."""

from pathlib import Path

import torch
from torch.nn import functional as F  # noqa: N812

from bgnn_studio.core.spec import VARIANTS
from bgnn_studio.native import Model
from bgnn_studio.training.timing import write_full_size
from tests.bench import peer_networks as peers
from tests.bench.contest import Contender, figures, hold, table

POINTS, K, BUDGET_S = 1024, 20, 20.0
RIVAL = "ONNX Runtime, factorised, f32"  # the fastest float runtime known for these sizes


def run(folder: Path) -> None:
    """Print the table for one thread and for two."""
    torch.manual_seed(0)
    cloud = F.normalize(torch.randn(POINTS, 3))
    points = cloud.numpy()
    usual, factorised = peers.UsualDGCNN(POINTS, K), peers.FactorisedDGCNN(POINTS, K)
    files = {name: peers.export_onnx(net, cloud, folder / f"{name}.onnx") for name, net in (("usual", usual), ("factorised", factorised))}
    small = {name: peers.quantize(path, points, folder / f"{name}8.onnx") for name, path in files.items()}
    models, simulated = {}, {}
    for variant in VARIANTS:
        path, simulated[variant] = write_full_size(variant, folder)
        models[variant] = Model.open(path)
    for threads in (1, 2):
        torch.set_num_threads(threads)
        ours = {
            name: Contender(f"**engine, {name}**", lambda m=model, t=threads: m.infer(points, threads=t)) for name, model in models.items()
        }
        others = [
            Contender("torch, usual formulation, f32", peers.torch_run(usual, cloud)),
            Contender("PyG EdgeConv, cdist graph, f32", peers.pyg_run(cloud, K)),
            Contender("torch, factorised, f32", peers.torch_run(factorised, cloud)),
            Contender("torch, bf2 (this project's module)", peers.torch_run(simulated["bf2"], cloud[None])),
            *(
                Contender(f"{runtime}, {name}, {kind}", start(paths[name], points, threads))
                for runtime, start in (("ONNX Runtime", peers.onnxruntime_run), ("OpenVINO", peers.openvino_run))
                for name in files
                for kind, paths in (("f32", files), ("int8", small))
            ),
        ]
        hold([*ours.values(), *others], threads=threads, budget_s=BUDGET_S)
        own, rival = ours["bf2"], next(c for c in others if c.name == RIVAL)
        rows = [[c.name, *figures(c, own), f"{rival.p50_ms / c.p50_ms:.2f}x"] for c in (*ours.values(), *others)]
        title = f"End to end, N = {POINTS}, k = {K}, {threads} thread{'s' * (threads > 1)}: float DGCNN elsewhere, x over our bf2"
        table(title, ["", "p50 [ms]", "min", "n", "x", f"{RIVAL} over it"], rows)
    torch.set_num_threads(1)
