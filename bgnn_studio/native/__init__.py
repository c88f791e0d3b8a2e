"""The native library in Python: array in, array out. The only importer of cffi's module; the contract is `bgnn.h`."""

from bgnn_studio.native.kernels import binary_gemm, gemm, hamming, knn_hamming, knn_l2, sign_pack, tanh
from bgnn_studio.native.library import isa, isas, set_isa, version
from bgnn_studio.native.model import Model, TensorInfo

__all__ = [
    "Model",
    "TensorInfo",
    "binary_gemm",
    "gemm",
    "hamming",
    "isa",
    "isas",
    "knn_hamming",
    "knn_l2",
    "set_isa",
    "sign_pack",
    "tanh",
    "version",
]
