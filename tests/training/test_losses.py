"""The losses against their formulas, written out with loops in numpy."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bgnn_studio.training.losses import GraphFeatures, distillation_loss, lsp_loss, mean_lsp  # noqa: E402

B, N, K = 2, 7, 3


def softmax(values: np.ndarray) -> np.ndarray:
    weights = np.exp(values - values.max())
    return weights / weights.sum()


def graph(seed: int, channels: int, *, on_bits: bool) -> GraphFeatures:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(B, N, channels)) * 0.4
    z = np.where(z < 0, -1.0, 1.0) if on_bits else z
    knn = np.stack([[rng.choice(N, K, replace=False) for _ in range(N)] for _ in range(B)])
    return GraphFeatures(torch.from_numpy(z), torch.from_numpy(knn), on_bits)


def lsp_by_hand(student: GraphFeatures, teacher: GraphFeatures) -> float:
    losses = []
    for b in range(B):
        for i in range(N):
            union = sorted({*student.knn[b, i].tolist(), *teacher.knn[b, i].tolist()})
            p = []
            for g in (teacher, student):
                z = g.features[b].numpy()
                apart = [(z[i] != z[j]).sum() if g.on_bits else ((z[i] - z[j]) ** 2).sum() for j in union]
                p.append(softmax(np.exp(-np.array(apart, dtype=float))))
            losses.append((p[0] * (np.log(p[0]) - np.log(p[1]))).sum())
    return float(np.mean(losses))


@pytest.mark.parametrize("student_on_bits", [False, True])
def test_lsp_equals_the_formula_over_the_union_of_both_graphs(student_on_bits: bool) -> None:
    teacher, student = graph(1, 5, on_bits=False), graph(2, 6, on_bits=student_on_bits)
    assert lsp_loss(student, teacher).item() == pytest.approx(lsp_by_hand(student, teacher), rel=1e-9)


def test_lsp_of_a_graph_with_itself_is_zero_and_its_mean_counts_each_layer_once() -> None:
    teacher, student = graph(1, 5, on_bits=False), graph(2, 6, on_bits=True)
    assert lsp_loss(teacher, teacher).item() == pytest.approx(0, abs=1e-12)
    assert mean_lsp([student, teacher], [teacher, teacher]).item() == pytest.approx(lsp_loss(student, teacher).item() / 2)


def test_lsp_has_finite_gradients_where_edges_are_shared() -> None:
    teacher = graph(1, 5, on_bits=False)
    z = teacher.features.clone().mul_(1.3).requires_grad_()
    lsp_loss(GraphFeatures(z, teacher.knn, on_bits=False), teacher).backward()
    assert torch.isfinite(z.grad).all()
    assert z.grad.abs().max() > 0


def test_distillation_equals_the_formula() -> None:
    rng = np.random.default_rng(3)
    s, t, labels = rng.normal(size=(4, 5)), rng.normal(size=(4, 5)), np.array([0, 3, 4, 1])
    alpha, temperature = 0.1, 3.0
    ce = np.mean([-np.log(softmax(row)[y]) for row, y in zip(s, labels, strict=True)])
    p, q = (np.array([softmax(row / temperature) for row in v]) for v in (t, s))
    expected = (1 - alpha) * ce + alpha * temperature**2 * np.mean((p * np.log(p / q)).sum(1))
    got = distillation_loss(torch.from_numpy(s), torch.from_numpy(t), torch.from_numpy(labels), alpha=alpha, temperature=temperature)
    assert got.item() == pytest.approx(expected, rel=1e-9)
