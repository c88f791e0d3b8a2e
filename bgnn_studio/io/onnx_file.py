"""A float model (`dgcnn`) as an ONNX network with its k-NN graphs inside, made of standard operators alone.

Source of the operators: https://github.com/onnx/onnx/blob/main/docs/Operators.md, opset 18. TopK gives equal scores to the lower index,
which is the tie contract. Graphs of layers 2 on score neighbours by ``2 x_i x_j - |x_j|^2``, which rounds otherwise than the engine's sum
of squared differences: where two distances are equal but for their last digits, the neighbour of rank k may be another one.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bgnn_studio.core.files import replacing
from bgnn_studio.core.spec import LEAKY_SLOPE, NetworkSpec
from bgnn_studio.errors import BgnnError, ModelFileError
from bgnn_studio.io.model_file import read_tensors

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET, IR_VERSION = 18, 9
INPUT, OUTPUT = "points", "logits"
Real = NDArray[np.float32]


def write_onnx(model_file: Path, spec: NetworkSpec, output: Path) -> None:
    """Write a float model as ONNX: ``points (batch, N, 3)`` to ``logits (batch, classes)``, both float32, any batch and any N >= k.

    Points go in as the engine gets them: centred, on the unit sphere. The class names are in the file's metadata.

    Raises
    ------
    ModelFileError
        A binary model: ONNX has no popcount. Or the file cannot be written.
    BgnnError
        The package onnx is not installed.
    """
    if spec.conv != "EdgeConv":
        raise ModelFileError(
            f"{model_file}: a {spec.variant} counts bits of packed words, and ONNX has no operator that counts bits. "
            "Export a dgcnn, or write a C header (.h)."
        )
    try:
        network = onnx_network(spec, read_tensors(model_file, spec))
    except ImportError as error:
        raise BgnnError(f"Writing ONNX needs a package that is missing ({error}). Install it: pip install onnx.") from error
    try:
        with replacing(output) as file:
            file.write(network.SerializeToString())
    except OSError as error:
        raise ModelFileError(f"{output}: could not write the network ({error.strerror}). Choose another folder.") from error


def onnx_network(spec: NetworkSpec, tensors: dict[str, NDArray[Any]]) -> "ModelProto":
    """Return the network of a float model's tensors, checked by onnx; its operators are those of `OPSET`."""
    from onnx import TensorProto, checker, helper

    graph = _Graph()
    x, features = INPUT, []
    for number, channels in enumerate(spec.in_channels, 1):
        neighbours = graph.nearest_points(x, spec.k) if number == 1 else graph.nearest(x, spec.k)
        x = graph.edge_conv(x, neighbours, channels, tensors, f"conv{number}")
        features.append(x)
    joined = graph.add("Concat", features, axis=2)
    embedded = graph.add("LeakyRelu", [graph.linear(joined, tensors, "embedding")], alpha=LEAKY_SLOPE)
    over_points = graph.constant(np.array([1]))
    pooled = [graph.add(reduce, [embedded, over_points], keepdims=0) for reduce in ("ReduceMax", "ReduceMean")]
    x = graph.add("Concat", pooled, axis=1)
    for layer in ("linear1", "linear2"):
        x = graph.add("LeakyRelu", [graph.linear(x, tensors, layer)], alpha=LEAKY_SLOPE)
    graph.linear(x, tensors, "linear3", output=OUTPUT)
    points = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", "N", 3])
    logits = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", len(spec.classes)])
    network = helper.make_model(
        helper.make_graph(graph.nodes, spec.variant, [points], [logits], graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="bgnn-studio",
        doc_string=f"{spec.variant}, k = {spec.k}, trained on {spec.points} points. Points are centred and scaled to the unit sphere.",
    )
    helper.set_model_props(network, {"classes": "\n".join(spec.classes), "points": str(spec.points), "k": str(spec.k)})
    checker.check_model(network, full_check=True)
    return network


class _Graph:
    """Nodes and constants, named in their order."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator: str, inputs: list[str], *, outputs: int = 1, output: str = "", **attributes: Any) -> str:  # noqa: ANN401
        """Add a node; return its last output."""
        from onnx import helper

        names = [output] if output else [f"value{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, **attributes))
        return names[-1]

    def axis(self, operator: str, value: str, axis: int, **attributes: Any) -> str:  # noqa: ANN401
        return self.add(operator, [value, self.constant(np.array([axis]))], **attributes)

    def nearest_points(self, x: str, k: int) -> str:
        """Return the k nearest of points (B, N, 3) by summed squares of their differences: (B, N, k) int64."""
        difference = self.add("Sub", [self.axis("Unsqueeze", x, 2), self.axis("Unsqueeze", x, 1)])  # (B, N, N, 3)
        distance = self.axis("ReduceSum", self.add("Mul", [difference, difference]), 3, keepdims=0)
        return self.add("TopK", [distance, self.constant(np.array([k]))], outputs=2, largest=0)

    def nearest(self, x: str, k: int) -> str:
        """Return the k nearest of features (B, N, C), by the expanded form: (B, N, k) int64."""
        square = self.axis("ReduceSum", self.add("Mul", [x, x]), 2, keepdims=1)  # (B, N, 1)
        dot = self.add("MatMul", [x, self.add("Transpose", [x], perm=[0, 2, 1])])  # (B, N, N)
        twice = self.add("Mul", [dot, self.constant(np.array(2, np.float32))])
        score = self.add("Sub", [twice, self.add("Transpose", [square], perm=[0, 2, 1])])
        return self.add("TopK", [score, self.constant(np.array([k]))], outputs=2, largest=1)

    def edge_conv(self, x: str, neighbours: str, channels: int, tensors: dict[str, NDArray[Any]], layer: str) -> str:
        """Map (B, N, C_in) to (B, N, C_out): W [x_j - x_i, x_i] = A x_j + (B - A) x_i, the norm folded, then max and LeakyReLU."""
        gain, offset = tensors[f"{layer}.post_gain"], tensors[f"{layer}.post_offset"]
        weight = tensors[f"{layer}.weight"].astype(np.float64) * gain[:, None]  # before the max, whatever the gain's sign
        a, b = weight[:, :channels], weight[:, channels:]
        of_neighbours, own = (self.add("MatMul", [x, self.constant(half.T.astype(np.float32))]) for half in (a, b - a))
        edges = self.add("GatherND", [of_neighbours, self.axis("Unsqueeze", neighbours, 3)], batch_dims=1)  # (B, N, k, C_out)
        most = self.axis("ReduceMax", edges, 2, keepdims=0)
        moved = self.add("Add", [self.add("Add", [most, own]), self.constant(offset)])
        return self.add("LeakyRelu", [moved], alpha=LEAKY_SLOPE)

    def linear(self, x: str, tensors: dict[str, NDArray[Any]], layer: str, output: str = "") -> str:
        """Multiply by a layer's weight, its norm folded, and add its offset."""
        weight = tensors[f"{layer}.weight"]
        if f"{layer}.post_gain" in tensors:
            weight = weight * tensors[f"{layer}.post_gain"][:, None]
        product = self.add("MatMul", [x, self.constant(weight.T)])
        return self.add("Add", [product, self.constant(tensors[f"{layer}.post_offset"])], output=output)
