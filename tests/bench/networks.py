"""End to end: one forward pass of the published sizes on one cloud of 1,024 points, k = 20."""

from pathlib import Path

import torch
from torch.nn import functional as F  # noqa: N812

from bgnn_studio.core.units import ms_text, size_text
from bgnn_studio.native import Model
from bgnn_studio.training.timing import write_full_size
from tests.bench import peer_networks as peers
from tests.bench.contest import Contender, Short, hold, table

POINTS, K, BUDGET_S = 1024, 20, 20.0
ENGINE = ("bf2", "bf1", "bfr", "rf", "dgcnn")
RIVAL = "ONNX Runtime, factorised, float / int8"  # the fastest float runtime known for these sizes


def run(folder: Path, short: Short) -> None:
    """Print the table for one thread and for two."""
    torch.manual_seed(0)
    cloud = F.normalize(torch.randn(POINTS, 3))
    points = cloud.numpy()
    usual, factorised = peers.UsualDGCNN(POINTS, K), peers.FactorisedDGCNN(POINTS, K)
    files = {name: peers.export_onnx(net, cloud, folder / f"{name}.onnx") for name, net in (("usual", usual), ("factorised", factorised))}
    small = {name: peers.quantize(path, points, folder / f"{name}8.onnx") for name, path in files.items()}
    models, sizes, simulated = {}, {}, {}
    for variant in ENGINE:
        path, simulated[variant] = write_full_size(variant, folder)
        models[variant], sizes[variant] = Model.open(path), size_text(Path(path).stat().st_size)
    for threads in (1, 2):
        torch.set_num_threads(threads)
        ours = {name: Contender(f"`{name}`", lambda m=model, t=threads: m.infer(points, threads=t)) for name, model in models.items()}
        others = {
            "torch, usual concat-and-convolve code": [peers.torch_run(usual, cloud)],
            "PyG EdgeConv": [peers.pyg_run(cloud, K)],
            "torch, factorised (no edge tensor)": [peers.torch_run(factorised, cloud)],
            "torch, `bf2` (this project's module)": [peers.torch_run(simulated["bf2"], cloud[None])],
        }
        for runtime, start in (("OpenVINO", peers.openvino_run), ("ONNX Runtime", peers.onnxruntime_run)):
            for name in files:
                others[f"{runtime}, {name}, float / int8"] = [start(paths[name], points, threads) for paths in (files, small)]
        rivals = {name: [Contender(name, call) for call in calls] for name, calls in others.items()}
        contest = [*ours.values(), *(contender for pair in rivals.values() for contender in pair)]
        hold(contest, threads=threads, budget_s=BUDGET_S)
        rows = [[c.name, sizes[name], ms_text(c.p50_ms), ms_text(c.min_ms)] for name, c in ours.items()]
        rows += [[""] * 4 for _ in range(len(rivals) - len(rows))]
        for row, (name, pair) in zip(rows, sorted(rivals.items(), key=lambda item: -item[1][0].p50_ms), strict=True):
            cells = [[ms_text(c.p50_ms), ms_text(c.min_ms), f"{c.p50_ms / ours['bf2'].p50_ms:.0f}x"] for c in pair]
            row += [name, *(" / ".join(parts) for parts in zip(*cells, strict=True))]
        head = ["engine", "model file", "p50 [ms]", "min", "peer (float DGCNN)", "p50 [ms]", "min", "over `bf2`"]
        table(f"One pass, N = {POINTS}, k = {K}, {threads} thread{'s' * (threads > 1)}", head, rows)
        print(f"\n{min(len(c.samples_ns) for c in contest)} to {max(len(c.samples_ns) for c in contest)} calls of each.")
        if threads == 1:
            add_figures(short, ours, rivals["torch, usual concat-and-convolve code"][0], rivals[RIVAL][0])
    torch.set_num_threads(1)


def add_figures(short: Short, ours: dict[str, Contender], usual: Contender, rival: Contender) -> None:
    """Add what was asked of the networks."""
    own = {name: contender.p50_ms for name, contender in ours.items()}
    short.figures += [
        ["`bf2`: a pass, 1 thread", "", f"{own['bf2']:.2f} ms"],
        ["factorised float in ONNX Runtime over it", "8x", f"{rival.p50_ms / own['bf2']:.1f}x"],
        ["the usual PyTorch formulation over it", "40x", f"{usual.p50_ms / own['bf2']:.0f}x"],
        ["factorised float in ONNX Runtime over `bfr`", "6x", f"{rival.p50_ms / own['bfr']:.1f}x"],
        ["the same over `rf`", "2x", f"{rival.p50_ms / own['rf']:.1f}x"],
        ["`dgcnn`: its time over that of factorised float in ONNX Runtime", "at most 0.7", f"{own['dgcnn'] / rival.p50_ms:.2f}"],
    ]
