import torch

from bgnn_studio.training.quantizers import sign


def test_sign_counts_zero_as_positive_and_passes_gradients_up_to_one() -> None:
    x = torch.tensor([-2.0, -1.0, -1e-38, -0.0, 0.0, 0.5, 1.0, 1.5], requires_grad=True)
    y = sign(x)
    (y * torch.arange(1.0, 9.0)).sum().backward()
    assert y.tolist() == [-1, -1, -1, 1, 1, 1, 1, 1]
    assert x.grad.tolist() == [0, 2, 3, 4, 5, 6, 7, 0]
