"""k-NN and binary products of other libraries, exact ones only."""

from collections.abc import Callable

import faiss
import numpy as np
from numpy.typing import NDArray

Run = Callable[[], object]


def pykdtree_run(points: NDArray[np.float32], k: int) -> Run:
    """Return a KD-tree built and asked for every point."""
    from pykdtree.kdtree import KDTree

    return lambda: KDTree(points).query(points, k)


def faiss_l2_run(points: NDArray[np.float32], k: int) -> Run:
    """Return a flat index filled and asked for every point."""

    def run() -> object:
        index = faiss.IndexFlatL2(points.shape[1])
        index.add(points)
        return index.search(points, k)

    return run


def faiss_hamming_run(octets: NDArray[np.uint8], k: int, *, heap: bool) -> Run:
    """Return a search of a flat binary index, by heaps or by counting."""
    index = faiss.IndexBinaryFlat(8 * octets.shape[1])
    index.use_heap = heap
    index.add(octets)
    return lambda: index.search(octets, k)


def usearch_run(octets: NDArray[np.uint8], k: int) -> Run:
    """Return an exact search over bits."""
    from usearch.index import MetricKind, search

    return lambda: search(octets, octets, k, MetricKind.Hamming, exact=True, threads=1, dtype="b1")


def openvino_binary_run(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[Run, Callable[[], float]]:
    """Return the product of +-1 matrices (M, C), (N, C) as a 1x1 BinaryConvolution, and the ms of that node alone in the last call."""
    import openvino
    from openvino import opset1, opset8

    (rows, channels), columns = a.shape, len(b)
    image = opset8.parameter([1, channels, rows, 1], np.float32)

    def level(value: float) -> object:
        return opset8.constant(np.full((1, 1, 1, 1), value, np.float32))

    bits = opset8.fake_quantize(image, level(0.0), level(0.0), level(0.0), level(1.0), 2)
    packed = np.packbits(b > 0, bitorder="little")
    weights = openvino.Tensor(packed, openvino.Shape([columns, channels, 1, 1]), openvino.Type.u1)
    product = opset1.binary_convolution(bits, openvino.op.Constant(weights), [1, 1], [0, 0], [0, 0], [1, 1], "xnor-popcount", 0.0)
    settings = {
        "INFERENCE_NUM_THREADS": 1,
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,
        "PERFORMANCE_HINT": "LATENCY",
        "PERF_COUNT": True,
    }
    request = openvino.Core().compile_model(openvino.Model([product], [image]), "CPU", settings).create_infer_request()
    values = np.ascontiguousarray(a.T.reshape(1, channels, rows, 1))
    request.infer([values])
    if not np.array_equal(request.get_output_tensor(0).data.reshape(columns, rows).T, a @ b.T):
        raise ValueError("BinaryConvolution gave other products.")

    def node_ms() -> float:
        return sum(p.real_time.total_seconds() for p in request.profiling_info if "Bin" in p.node_type) * 1e3

    return lambda: (request.infer([values]), packed), node_ms  # the node reads the weights where numpy keeps them


def int8_run(a: NDArray[np.float32], b: NDArray[np.float32]) -> Run:
    """Return the product of +-1 matrices as ONNX Runtime's MatMulInteger."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b"], ["out"])],
        "product",
        [helper.make_tensor_value_info("a", TensorProto.UINT8, list(a.shape))],
        [helper.make_tensor_value_info("out", TensorProto.INT32, [len(a), len(b)])],
        [numpy_helper.from_array(np.ascontiguousarray(b.T.astype(np.int8)), "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feed = {"a": (a + 1).astype(np.uint8)}
    return lambda: session.run(None, feed)
