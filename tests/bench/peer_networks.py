"""Float DGCNN as others run it: the usual formulation and the factorised one, in torch, PyG, ONNX Runtime and OpenVINO.

Weights are random: times depend on shapes only. Norms are folded, as every deployed network's are, so the peers do no more than ours.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

WIDTHS, EMBEDDING, HEAD, CLASSES, SLOPE = (64, 64, 128, 256), 1024, (512, 256), 40, 0.2
Run = Callable[[], object]


def nearest(x: Tensor, k: int) -> Tensor:
    """Return the k nearest rows of each row of (N, C), by the expanded form of L2."""
    square = (x * x).sum(1)
    return torch.topk(2.0 * (x @ x.t()) - square[None, :], k, dim=1)[1]


class Tail(nn.Module):
    """Embedding, max and mean pooling, head."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (2 * EMBEDDING, *HEAD, CLASSES)
        self.embedding = nn.Linear(sum(WIDTHS), EMBEDDING)
        self.head = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))

    def forward(self, features: list[Tensor]) -> Tensor:
        x = F.leaky_relu(self.embedding(torch.cat(features, 1)), SLOPE)
        x = torch.cat((x.amax(0), x.mean(0)))[None]
        for linear in self.head[:-1]:
            x = F.leaky_relu(linear(x), SLOPE)
        return self.head[-1](x)


class UsualDGCNN(nn.Module):
    """Wang et al. 2019 as published code writes it: gather, concatenate [x_j - x_i, x_i], convolve, norm, LeakyReLU, max over k."""

    def __init__(self, points: int, k: int) -> None:
        super().__init__()
        self.points, self.k, self.tail = points, k, Tail()
        self.conv = nn.ModuleList(
            nn.Sequential(nn.Conv2d(2 * a, b, 1, bias=False), nn.BatchNorm2d(b), nn.LeakyReLU(SLOPE)) for a, b in pairwise((3, *WIDTHS))
        )

    def forward(self, cloud: Tensor) -> Tensor:
        """Map (N, 3) to (1, classes)."""
        x, features = cloud, []
        for conv in self.conv:
            index = nearest(x, self.k)
            neighbours = x[index.reshape(-1)].reshape(self.points, self.k, -1)
            own = x[:, None].expand_as(neighbours)
            edges = torch.cat((neighbours - own, own), 2).permute(2, 0, 1)[None].contiguous()  # (1, 2C, N, k)
            x = conv(edges)[0].amax(2).t().contiguous()
            features.append(x)
        return self.tail(features)


class FactorisedDGCNN(nn.Module):
    """The same, by W [x_j - x_i, x_i] = A x_j + (B - A) x_i: convolutions on nodes, then a maximum over gathered rows; no edge tensor."""

    def __init__(self, points: int, k: int) -> None:
        super().__init__()
        self.points, self.k, self.tail = points, k, Tail()
        self.node = nn.ModuleList(nn.Linear(a, 2 * b) for a, b in pairwise((3, *WIDTHS)))

    def forward(self, cloud: Tensor) -> Tensor:
        """Map (N, 3) to (1, classes)."""
        x, features = cloud, []
        for linear in self.node:
            index, halves = nearest(x, self.k), linear(x)
            out = halves.shape[1] // 2
            most = halves[:, :out].contiguous()[index.reshape(-1)].reshape(self.points, self.k, out).amax(1)
            x = F.leaky_relu(most + halves[:, out:], SLOPE)
            features.append(x)
        return self.tail(features)


def torch_run(net: nn.Module, cloud: Tensor) -> Run:
    """Return one eager pass."""
    net.eval()

    @torch.inference_mode()
    def run() -> object:
        return net(cloud)

    return run


def pyg_run(cloud: Tensor, k: int) -> Run:
    """Return one pass with PyTorch Geometric's EdgeConv on a cdist graph (its own dynamic layer needs a compiled extra)."""
    from torch_geometric.nn import EdgeConv

    layers = [
        EdgeConv(nn.Sequential(nn.Linear(2 * a, b, bias=False), nn.BatchNorm1d(b), nn.LeakyReLU(SLOPE)), aggr="max").eval()
        for a, b in pairwise((3, *WIDTHS))
    ]
    tail, target = Tail().eval(), torch.arange(len(cloud)).repeat_interleave(k)

    @torch.inference_mode()
    def run() -> object:
        x, features = cloud, []
        for layer in layers:
            source = torch.cdist(x, x).topk(k, dim=1, largest=False)[1].reshape(-1)
            x = layer(x, torch.stack((source, target)))
            features.append(x)
        return tail(features)

    return run


def export_onnx(net: nn.Module, cloud: Tensor, path: Path) -> Path:
    """Write a network as ONNX."""
    torch.onnx.export(net.eval(), (cloud,), path, dynamo=True, external_data=False, verbose=False)
    return path


def quantize(path: Path, cloud: NDArray[np.float32], output: Path) -> Path:
    """Write the int8 form of an ONNX network (static QDQ, one calibration cloud: accuracy is not what is measured)."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class OneCloud(CalibrationDataReader):
        def __init__(self) -> None:
            self.left = [{"cloud": cloud}]

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            return self.left.pop() if self.left else None

    quantize_static(
        path,
        output,
        OneCloud(),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["Conv", "Gemm", "MatMul"],
        per_channel=True,
    )
    return output


def onnxruntime_run(path: Path, cloud: NDArray[np.float32], threads: int) -> Run:
    """Return one pass in ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: cloud}
    return lambda: session.run(None, feed)


def openvino_run(path: Path, cloud: NDArray[np.float32], threads: int) -> Run:
    """Return one pass in OpenVINO, in its latency mode."""
    import openvino

    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "ENABLE_CPU_PINNING": False, "PERFORMANCE_HINT": "LATENCY"}
    settings["INFERENCE_PRECISION_HINT"] = "f32"  # otherwise bf16 where the CPU has it
    request = openvino.Core().compile_model(str(path), "CPU", settings).create_infer_request()
    return lambda: request.infer([cloud])
