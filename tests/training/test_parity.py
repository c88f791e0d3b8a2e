"""The parity contract of engine and torch, clause by clause; every test prints the figure it measured (pytest -rA shows it).

Hosts: the torch modules and the engine, on an independent implementation's published checkpoints (the shared set) and on the project's
own set, whose oracle is `plain.py` in float64; then the engine against torch on fifty clouds for every variant, option and stage.
"""

import copy
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from bgnn_studio.core.spec import NetworkSpec
from bgnn_studio.training.checkpoints import load_checkpoint
from bgnn_studio.training.export import export_model
from bgnn_studio.training.networks import Network
from tests.requirements import SHARED, needs
from tests.training import parity
from tests.training.parity import Outcome
from tests.training.random_network import clouds, random_network, small_spec

torch.set_num_threads(1)

OWN = Path(__file__).resolve().parents[1] / "data" / "conformance"
LOGITS = 1e-4
BITS = 1e-6
GRAPH = 0.999

OPTIONS = {
    "dgcnn": small_spec("dgcnn"),
    "rf": small_spec("rf"),
    "rf-float-realhead": small_spec("rf", first_layer="float", head_inputs="real"),
    "bf1": small_spec("bf1"),
    "bf1-k1": small_spec("bf1", k=1),
    "bf1-cat-float": small_spec("bf1", edge_op="cat", first_layer="float"),
    "bf1-skip": small_spec("bf1", skip="real"),
    "bf2": small_spec("bf2", widths=(64, 128, 65), points=70, k=20),
    "bf2-cat": small_spec("bf2", edge_op="cat", head_inputs="real"),
    "bf2-skip-float": small_spec("bf2", skip="real", first_layer="float"),
    "bfr": small_spec("bfr"),
    "bfr-after": small_spec("bfr", max_order="after_norm", widths=(16,) * 5),
    "bfr-one-layer": small_spec("bfr", widths=(33,)),
    "rf-tanh": small_spec("rf", "tanh"),
    "bf1-tanh": small_spec("bf1", "tanh", head_inputs="real"),
    "bf2-tanh": small_spec("bf2", "tanh", widths=(64, 128, 65), points=70, k=20),
    "bfr-tanh": small_spec("bfr", "tanh"),
    "rf-sign": small_spec("rf", "sign"),
    "bf1-sign": small_spec("bf1", "sign"),
    "bf2-sign": small_spec("bf2", "sign", widths=(64, 128, 65), points=70, k=20),
    "bfr-sign": small_spec("bfr", "sign", widths=(16, 32, 64, 64)),
}


class Case(NamedTuple):
    """What a host computed, what is expected, and the network with its parameters."""

    spec: NetworkSpec
    network: Network
    ours: Outcome
    expected: Outcome
    rounding: np.ndarray | float = 0.0  # what torch in float32 is off, per cloud, where float64 is expected


_ALL = [(where, name, host) for where in ("shared", "own") for name in ("dgcnn", "rf", "bf1", "bf2") for host in ("torch", "engine")]
_ALL += [("random", name, "engine") for name in OPTIONS]
_KIND = {"dgcnn": "real", "rf": "BinEdgeConv"}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory):
    """Return a function that computes a case once."""
    folder, known = tmp_path_factory.mktemp("parity"), {}

    def case(key: tuple[str, str, str]) -> Case:
        if key not in known:
            known[key] = _compute(*key, folder)
        return known[key]

    return case


def _compute(where: str, name: str, host: str, folder: Path) -> Case:
    if where == "random":
        spec = OPTIONS[name]
        network = random_network(spec, seed=31)
        points = clouds(50, spec.points, seed=77).numpy()
        expected, rounding = parity.of_torch(network, points), 0.0
        if "tanh" in name:  # all is real, and torch in float32 is itself up to 3e-4 from the truth: float64 is compared with
            single, expected = expected, parity.of_torch(copy.deepcopy(network).double(), points.astype(float))
            rounding = parity.logit_errors(single, expected)
    else:
        rounding = 0.0
        if where == "shared":
            needs("shared/conformance")
        source = SHARED / "conformance" if where == "shared" else OWN
        points, expected = parity.of_file(source / f"{name}.npz")
        network = load_checkpoint(source / f"{name}.t7", k=expected.knn[0].shape[2], points=points.shape[1])
    if host == "torch":
        return Case(network.spec, network, parity.of_torch(network, points), expected)
    path = folder / f"{where}-{name}.gguf"
    export_model(path, network)
    return Case(network.spec, network, parity.of_engine(path, points), expected, rounding)


def _of(kind: str, *, least_layers: int = 1) -> pytest.MarkDecorator:
    """Cases whose features are real and whose network is smooth (`real`), or of a conv that takes signs."""
    chosen = [p for p in _ALL if ("real" if "tanh" in p[1] else _KIND.get(p[1].split("-")[0], "XorEdgeConv")) == kind]
    chosen = [p for p in chosen if p[0] != "random" or len(OPTIONS[p[1]].widths) >= least_layers]
    return pytest.mark.parametrize("key", chosen, ids="-".join)


@_of("XorEdgeConv", least_layers=2)
def test_bf_first_bits_agree(key, cases) -> None:
    case = cases(key)
    wrong = parity.bit_errors(case.ours, case.expected, 2)
    share = wrong.sum() / case.expected.features[0].size
    print(f"{key}: {wrong.sum()} of {case.expected.features[0].size} bits of layer 1 differ")
    assert share <= BITS


@_of("XorEdgeConv", least_layers=2)
def test_bf_later_bits_and_hamming_graphs_are_equal(key, cases) -> None:
    """At stage sign later bits are signs of real sums too: of those whose inputs are equal at most 1 in 10^6 differs."""
    case = cases(key)
    layers = len(case.spec.widths)
    same = _first_bits_agree(case)
    assert same.sum() >= 0.9 * len(same)
    for layer in range(3, layers + 1):
        errors = parity.bit_errors(case.ours, case.expected, layer)
        wrong, bits = int(errors[same].sum()), case.expected.features[layer - 2][same].size
        print(f"{key}: on {same.sum()} of {len(same)} clouds, {wrong} of {bits} bits of layer {layer}'s input differ")
        assert wrong <= (BITS * bits if case.spec.stage == "sign" else 0)
        same &= errors == 0
    graphs = parity.graph_agreement(case.ours, case.expected, 2, same)
    print(f"{key}: on {same.sum()} of {len(same)} clouds, {graphs:.6%} of Hamming graph entries agree")
    assert same.sum() >= 0.9 * len(same)
    assert graphs == 1


@_of("XorEdgeConv")
def test_bf_input_graph_agrees(key, cases) -> None:
    case = cases(key)
    share = float(np.mean(case.ours.knn[0] == case.expected.knn[0]))
    print(f"{key}: {share:.6%} of the input graph's entries agree")
    assert share >= GRAPH


@_of("XorEdgeConv")
def test_bf_logits_agree(key, cases) -> None:
    case = cases(key)
    same = _first_bits_agree(case)
    for layer in range(3, len(case.spec.widths) + 1):
        same &= parity.bit_errors(case.ours, case.expected, layer) == 0
    worst = parity.logit_errors(case.ours, case.expected)[same].max()
    print(f"{key}: logits differ by {worst:.2e} of the largest")
    assert worst <= LOGITS


def _first_bits_agree(case: Case) -> np.ndarray:
    later = len(case.spec.widths) > 1
    return parity.bit_errors(case.ours, case.expected, 2) == 0 if later else np.ones(len(case.ours.logits), bool)


@_of("real")
def test_real_graphs_agree(key, cases) -> None:
    case = cases(key)
    share = parity.graph_agreement(case.ours, case.expected, 1)
    print(f"{key}: {share:.6%} of graph entries agree")
    assert share >= GRAPH


@_of("real")
def test_real_logits_agree(key, cases) -> None:
    case = cases(key)
    errors = parity.logit_errors(case.ours, case.expected)
    print(f"{key}: logits differ by {errors.max():.2e} of the largest")
    assert (errors <= np.maximum(LOGITS, case.rounding)).all()


@_of("BinEdgeConv")
def test_rf_edge_bits_of_layer_2_agree(key, cases) -> None:
    case = cases(key)
    ours, expected = (parity.edge_bits(case.network, outcome) for outcome in (case.ours, case.expected))
    print(f"{key}: {(ours != expected).sum()} of {ours.size} edge bits of layer 2 differ")
    assert np.mean(ours != expected) <= BITS


@_of("BinEdgeConv")
def test_rf_graphs_agree_where_layer_3_starts_equal(key, cases) -> None:
    case = cases(key)
    close = parity.close_clouds(case.ours, case.expected, 3)
    shares = [parity.graph_agreement(case.ours, case.expected, 3, np.arange(len(close)) == i) for i in np.flatnonzero(close)]
    print(f"{key}: on {close.sum()} of {len(close)} clouds, at least {min(shares):.4%} of the entries of graphs 3 on agree")
    assert close.sum() >= 0.5 * len(close)
    assert min(shares) >= GRAPH


@_of("BinEdgeConv")
def test_rf_logits_agree_where_layer_3_starts_equal(key, cases) -> None:
    case = cases(key)
    close = parity.close_clouds(case.ours, case.expected, 3)
    worst = parity.logit_errors(case.ours, case.expected)[close].max()
    print(f"{key}: logits differ by {worst:.2e} of the largest on {close.sum()} of {len(close)} clouds")
    assert worst <= LOGITS
