"""Every figure of the table, against numpy on the traces."""

from dataclasses import replace

import numpy as np
import pytest

from bgnn_studio.core.bits import unpack_bits
from bgnn_studio.core.card import Accuracy
from bgnn_studio.core.comparison import Comparison, Run, compare, count_bits, run_model
from bgnn_studio.core.comparison_rows import comparison_table
from bgnn_studio.core.comparison_table import Cell, Row, Table
from bgnn_studio.core.tensors import expected_tensors
from bgnn_studio.core.timing import Latency
from bgnn_studio.native.kernels import knn_hamming
from tests.core.test_comparison import POINTS, complete, opened

CARD = Accuracy("shapes", "test", 1000, 0.887, 0.875)


def say(run: Run, logits: list[float]) -> Run:
    return replace(run, inference=replace(run.inference, logits=np.array(logits, np.float32)))


@pytest.fixture(scope="module")
def three() -> Comparison:
    """Return a float reference, a model on bits, and one on bits with another N."""
    runs = [
        complete(replace(opened("teacher", "dgcnn"), accuracy=replace(CARD, overall=0.984), file_bytes=9000)),
        complete(replace(opened("bits", seed=1), accuracy=CARD)),
        complete(opened("coarse", seed=2, points=64)),
    ]
    runs = [say(run, logits) for run, logits in zip(runs, ([0, 3, 1], [0, 2, 1], [5, 0, 0]), strict=True)]
    latencies = [(4_000_000, 5_000_000, 9_000_000), (1_000_000, 3_000_000, 2_000_000), (7_000_000,)]
    return compare("ball", [replace(run, latency=Latency(ns)) for run, ns in zip(runs, latencies, strict=True)])


@pytest.fixture(scope="module")
def table(three: Comparison) -> Table:
    return comparison_table(three)


def values(row: Row) -> list[object]:
    return [cell.value for cell in row.cells]


def best(table: Table, row: Row) -> list[str]:
    return [table.names[i] for i in sorted(row.best)]


def test_predictions(table: Table) -> None:
    assert values(table.row("Class")) == ["cube", "cube", "cone"]
    softmax = [np.exp(x).max() / np.exp(x).sum() for x in ([0, 3, 1], [0, 2, 1], [5, 0, 0])]
    assert values(table.row("Confidence")) == pytest.approx([100 * p for p in softmax])
    assert values(table.row("As the reference")) == ["reference", "yes", "no"]
    assert not table.row("Confidence").best
    assert "Trained with 64 points, run with 96." in table.row("Class").cells[2].note


def test_accuracy_is_the_cards_and_compared_on_equal_terms_only(three: Comparison, table: Table) -> None:
    row = table.row("Accuracy")
    assert (values(row), best(table, row), row.kind) == ([98.4, 88.7, None], ["teacher"], "model file")
    assert values(table.row("Class mean")) == [87.5, 87.5, None]
    assert not table.row("Class mean").best
    on = table.row("Measured on").cells[1]
    assert (on.text, on.note) == ("1,000, test", "shapes.")
    assert "says nothing" in row.cells[2].note
    runs = list(three.runs)
    runs[1] = replace(runs[1], model=replace(runs[1].model, accuracy=replace(CARD, count=100)))
    other = comparison_table(compare("ball", runs)).row("Accuracy")
    assert (other.best, other.unfair) == (frozenset(), "Measured on different clouds: not to be compared.")


def test_latency_says_its_conditions(table: Table) -> None:
    row = table.row("Median")
    assert (values(row), best(table, row)) == ([5.0, 2.0, 7.0], ["bits"])
    assert values(table.row("90th percentile")) == pytest.approx([8.2, 2.8, 7.0])
    assert "96 points" in row.how
    assert "1 to 3 passes each after 2 to warm up; scalar, 1 thread" in row.how


def test_memory_is_that_of_the_tensors(three: Comparison, table: Table) -> None:
    assert values(table.row("Model file")) == [9000, 1000, 1000]
    packed = [sum(np.prod(t.shape) * t.dtype.itemsize for t in expected_tensors(run.model.spec).values()) for run in three.runs]
    row = table.row("Weights")
    assert (values(row), row.kind) == (packed, "computed")
    real = values(table.row("Weights as float32"))
    assert real[0] == packed[0]
    assert values(table.row("Smaller than float32")) == [a / b for a, b in zip(real, packed, strict=True)]
    assert values(table.row("Peak of a pass")) == [9010, 1010, 1010]
    kept = 96 * 5 * 4 * 3  # the graphs of three layers
    outputs = 96 * (3 * 8) + 96 * (2 * 8)  # 16, 32, 64 channels in one word each, and the 112 of the embedding in two
    head = 8 * 3 + 8 + 4 * 12  # signs of 140 and of 24 channels in words, and 12 real ones
    assert values(table.row("Activations"))[1] == kept + outputs + head
    assert best(table, table.row("Activations")) == ["bits", "coarse"]


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_edges_are_those_of_the_sets(three: Comparison, table: Table, layer: int) -> None:
    first, *others = [run.trace.knn[layer - 1].tolist() for run in three.runs]
    sets = [[(set(a), set(b)) for a, b in zip(knn, first, strict=True)] for knn in others]
    assert values(table.row("Edges kept", layer)) == ["reference", *(sum(len(a & b) for a, b in rows) for rows in sets)]
    assert values(table.row("Edges new", layer)) == ["reference", *(sum(len(a - b) for a, b in rows) for rows in sets)]
    assert values(table.row("Edges lost", layer)) == ["reference", *(sum(len(b - a) for a, b in rows) for rows in sets)]
    jaccards = [np.mean([len(a & b) / len(a | b) for a, b in rows]) for rows in sets]
    row = table.row("Jaccard", layer)
    assert values(row)[1:] == pytest.approx(jaccards)
    assert best(table, row) == ([] if layer == 1 else [["bits", "coarse"][int(np.argmax(jaccards))]])


@pytest.mark.parametrize("layer", [2, 3])
def test_codes_ties_and_dead_bits_are_those_of_the_words(three: Comparison, table: Table, layer: int) -> None:
    codes, ties, dead = [], [], []
    for run in three.runs[1:]:
        width = run.model.spec.in_channels[layer - 1]
        planes = unpack_bits(run.trace.features[layer - 2], width).astype(int)
        distances = np.abs(planes[:, None] - planes[None]).sum(axis=2)
        last = np.sort(distances, axis=1)[:, run.k - 1]
        codes.append(len({tuple(row) for row in planes.tolist()}))
        ties.append(100 * np.mean((distances <= last[:, None]).sum(axis=1) > run.k))
        dead.append(100 * np.mean(planes.min(axis=0) == planes.max(axis=0)))
    assert values(table.row("Unique codes", layer)) == [None, *codes]
    assert values(table.row("Ties", layer))[1:] == pytest.approx(ties)
    assert values(table.row("Dead bits", layer))[1:] == pytest.approx(dead)
    assert "real features" in table.row("Unique codes", layer).cells[0].note


def test_float_models_have_no_rows_of_bits() -> None:
    table = comparison_table(compare("ball", [complete(opened(name, "dgcnn")) for name in "ab"]))
    assert {row.name for row in table.rows if row.layer} == {"Edges kept", "Edges new", "Edges lost", "Jaccard"}


def test_another_k_another_class_list_and_no_run_are_said_in_each_figure() -> None:
    wide = say(complete(opened("wide", k=9, classes=("a", "b"))), [1, 0])
    none = run_model(opened("none", k=97), POINTS)
    table = comparison_table(compare("ball", [say(complete(opened("first")), [1, 0, 0]), wide, none]))
    edges = table.row("Jaccard", 2)
    assert edges.cells[1].value < 1
    assert "differ in k" in edges.unfair
    assert not edges.best
    assert "differ in k" in table.row("Ties", 2).unfair
    assert "2 classes are not the 3 of the reference" in table.row("As the reference").cells[1].note
    needs_a_run = [row for row in table.rows if row.section not in ("Accuracy", "Memory")]
    for row in (*needs_a_run, table.row("Activations"), table.row("Arena"), table.row("Peak of a pass")):
        assert (row.cells[2].value, row.cells[2].note) == (None, "The cloud has 96 points, but k is 97."), row.name
    assert table.row("Weights").cells[2].value > 0


def test_what_is_not_measured_yet_says_so() -> None:
    table = comparison_table(compare("ball", [run_model(opened(name), POINTS) for name in "ab"]))
    assert {cell.note for cell in table.row("Median").cells} == {"Not measured yet."}
    assert {cell.note for cell in table.row("Ties", 2).cells} == {"Not counted yet."}
    counted = comparison_table(compare("ball", [count_bits(run_model(opened(name), POINTS), knn_hamming) for name in "ab"]))
    assert counted.row("Ties", 2).cells[0].value is not None


@pytest.mark.parametrize(
    ("better", "numbers", "expected"),
    [
        ("smaller", [3, 1.0, 2], {1}),
        ("larger", [3, 1, 3], {0, 2}),
        ("larger", [2, 2, 2], set()),
        ("larger", [None, 2, None], set()),
        ("smaller", ["reference", 2, 5], {1}),
        ("smaller", ["reference", 2, None], set()),
        (None, [1, 2], set()),
    ],
)
def test_the_best_is_marked_where_there_is_a_choice(better: str | None, numbers: list[object], expected: set[int]) -> None:
    row = Row("s", None, "n", "", "measured", better, "", tuple(Cell(value, str(value)) for value in numbers))
    assert row.best == expected
    assert replace(row, unfair="for a reason").best == frozenset()
