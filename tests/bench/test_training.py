"""The usual formulation that training is measured beside computes the same."""

import pytest
import torch

from bgnn_studio.training.networks import build_network
from tests.bench.training import largest_difference
from tests.training.random_network import clouds, small_spec


@pytest.mark.parametrize("variant", ["dgcnn", "rf", "bf1", "bf2", "bfr"])
@pytest.mark.parametrize("stage", ["tanh", "sign", "binary"])
def test_both_formulations_give_the_same_logits(variant: str, stage: str) -> None:
    spec = small_spec(variant, None if variant == "dgcnn" else stage, **({"widths": (12, 24, 48)} if variant == "bfr" else {}))
    assert largest_difference(build_network(spec), clouds(6, spec.points, 3)) < 1e-9


@pytest.mark.parametrize("variant", ["dgcnn", "rf", "bf1", "bf2", "bfr"])
def test_so_do_the_native_passes_in_float32(variant: str) -> None:
    spec = small_spec(variant, None if variant == "dgcnn" else "tanh", **({"widths": (12, 24, 48)} if variant == "bfr" else {}))
    assert largest_difference(build_network(spec), clouds(6, spec.points, 3), torch.float32) < 1e-4
