"""Prediction uses running statistics and leaves the network as it was."""

import pytest

torch = pytest.importorskip("torch")

from bgnn_studio.training.evaluate import predict  # noqa: E402


def test_prediction_in_batches_is_in_order_and_changes_nothing() -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 5), torch.nn.BatchNorm1d(5))
    points = torch.randn(7, 4, 3)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    logits = predict(network, points, batch_size=3)
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    network.eval()
    torch.testing.assert_close(logits, network(points))
