"""Critical points: who won the max pooling, in the engine and in torch, of which the first of equal maxima is taken."""

from pathlib import Path

import numpy as np
import pytest
import torch

from bgnn_studio import native
from bgnn_studio.training.export import export_model
from tests.training.random_network import clouds, random_network, small_spec

torch.set_num_threads(1)

SPECS = {
    "bf1": small_spec("bf1", embedding=70),
    "bf2": small_spec("bf2", points=65),
    "bfr": small_spec("bfr", points=33),
    "dgcnn": small_spec("dgcnn"),
    "rf": small_spec("rf"),
}


@pytest.mark.parametrize("name", SPECS)
def test_winners_are_those_of_torch(name: str, tmp_path: Path) -> None:
    spec = SPECS[name]
    network = random_network(spec, seed=5)
    embedded: list[np.ndarray] = []
    network.embedding.register_forward_hook(lambda _module, _inputs, out: embedded.append(out.detach().numpy()))
    export_model(tmp_path / "m.gguf", network)
    model = native.Model.open(tmp_path / "m.gguf")
    ties = 0
    for cloud in clouds(4, spec.points, seed=9):
        both = torch.cat([cloud, cloud[:7]])  # duplicates tie in every channel: the later ones never win
        network(both[None])
        values = embedded.pop()  # (N, embedding)
        winners = model.infer(both.numpy(), trace=True).trace.winners
        assert winners.max() < spec.points
        won = values[winners, np.arange(spec.embedding)]
        np.testing.assert_allclose(won, values.max(axis=0), rtol=1e-5, atol=1e-5)
        if spec.on_bits:  # equal dot products are equal values: no rounding decides between two points
            np.testing.assert_array_equal(winners, values.argmax(axis=0))
        ties += int(((values == values.max(axis=0)).sum(axis=0) > 1).sum())
    assert ties > 0
