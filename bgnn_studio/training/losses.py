"""The losses of the cascade: knowledge distillation on logits and local structure preservation on graphs.

Sources: Bahri, Bahl, Zafeiriou, "Binary Graph Neural Networks", CVPR 2021, section 3.4; Hinton, Vinyals, Dean, "Distilling the
Knowledge in a Neural Network", 2015; Yang et al., "Distilling Knowledge from Graph Convolutional Networks", CVPR 2020 (LSP).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


@dataclass(frozen=True)
class GraphFeatures:
    """What one graph layer saw: features (B, N, C), the graph built on them (B, N, k), and whether they are +1 and -1."""

    features: Tensor
    knn: Tensor
    on_bits: bool


def distillation_loss(student: Tensor, teacher: Tensor, labels: Tensor, *, alpha: float, temperature: float) -> Tensor:
    """Return (1 - alpha) CE(student, labels) + alpha T^2 KL(teacher || student), the distributions softened by T.

    Parameters
    ----------
    student, teacher : (B, classes) float
        Logits.
    labels : (B,) int64
    alpha : float
        0 is plain cross-entropy, 1 is distillation alone.
    temperature : float
        T > 0.
    """
    soft = F.kl_div((student / temperature).log_softmax(1), (teacher / temperature).log_softmax(1), log_target=True, reduction="batchmean")
    return (1 - alpha) * F.cross_entropy(student, labels) + alpha * temperature**2 * soft


def similarity(graph: GraphFeatures) -> Tensor:
    """Return s_ij of every pair, (B, N, N): exp(-|z_i - z_j|^2), or exp(-h_ij) with the Hamming distance of bits."""
    z = graph.features
    gram = z @ z.transpose(1, 2)
    if graph.on_bits:
        return torch.exp((gram - z.shape[2]) / 2)
    norm = (z * z).sum(2)
    return torch.exp(-(norm[:, :, None] + norm[:, None, :] - 2 * gram).clamp_min(0))


def lsp_loss(student: GraphFeatures, teacher: GraphFeatures) -> Tensor:
    """Return the local-structure-preserving loss of one layer: mean over nodes of KL(p_teacher || p_student).

    p_i is the softmax of s_ij over the neighbours j that i has in either graph.
    """
    repeated = (student.knn[..., :, None] == teacher.knn[..., None, :]).any(-1)  # (B, N, k): already the teacher's edge
    union = torch.cat([teacher.knn, student.knn], dim=2)  # (B, N, 2k)
    absent = torch.cat([torch.zeros_like(teacher.knn, dtype=torch.bool), repeated], dim=2)
    log_p = [similarity(g).gather(2, union).masked_fill(absent, -torch.inf).log_softmax(2) for g in (teacher, student)]
    log_teacher, log_student = (values.masked_fill(absent, 0) for values in log_p)
    weight = log_teacher.exp().masked_fill(absent, 0)
    return (weight * (log_teacher - log_student)).sum(2).mean()


def mean_lsp(student: Sequence[GraphFeatures], teacher: Sequence[GraphFeatures]) -> Tensor:
    """Return the mean of `lsp_loss` over the layers."""
    return torch.stack([lsp_loss(s, t) for s, t in zip(student, teacher, strict=True)]).mean()
