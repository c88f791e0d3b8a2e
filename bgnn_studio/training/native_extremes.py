"""The extremes of `extremes.py` by the native passes, with their gradients: in float32 on a CPU."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bgnn_studio.native import training as passes
from bgnn_studio.training.aggregate import parts_of

MOST_THREADS = 64  # bgnn_training.h

for _library in (Path(torch.__file__).parent / "lib").glob("libgomp*.so*"):  # torch has loaded it
    passes.use_openmp(str(_library))


def can(x: Tensor) -> bool:
    """Whether the passes take such a tensor."""
    return x.device.type == "cpu" and x.dtype == torch.float32


class Linear(torch.autograd.Function):
    """Extremes of x W^T: the gradient is sparse, of a group's rows only the winners have one."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, lowest: bool) -> tuple[Tensor, Tensor | None]:  # noqa: ANN401
        """Map groups (G, n, C_in) and a weight (C, C_in) to (G, C)."""
        x, weight = x.contiguous(), weight.contiguous()
        ctx.ends = passes.linear_extremes(x.numpy(), weight.numpy(), lowest=lowest, threads=_threads())
        ctx.save_for_backward(x, weight)
        ctx.set_materialize_grads(False)
        top, bottom = (*(torch.from_numpy(end.values) for end in ctx.ends), None)[:2]
        return top, bottom

    @staticmethod
    def backward(ctx: Any, *of_ends: Tensor | None) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        """Give gradients to x and the weight."""
        x, weight = (t.numpy() for t in ctx.saved_tensors)
        given = [(end, g) for end, g in zip(ctx.ends, of_ends, strict=False) if g is not None]
        shares = [end._replace(values=(g / torch.from_numpy(end.attained)).numpy()) for end, g in given]
        of_x, of_weight = passes.linear_extremes_gradient(x, weight, shares, threads=_threads())
        return torch.from_numpy(of_x), torch.from_numpy(of_weight), None


class Prelu(torch.autograd.Function):
    """Extremes and moments of PReLU(x W^T + own): the moments give every row a gradient."""

    @staticmethod
    def forward(  # noqa: PLR0917
        ctx: Any,  # noqa: ANN401
        x: Tensor,
        weight: Tensor | None,
        own: Tensor | None,
        slope: Tensor,
        lowest: bool,
        each: bool,
    ) -> tuple[Tensor | None, ...]:
        """Return top and bottom (G, C), and of each part of the groups (P) mean and variance (P, C) and how many rows it has."""
        groups, rows, _ = x.shape
        channels = len(slope)
        x, own, slope = x.contiguous(), None if own is None else own.contiguous(), slope.contiguous()
        z = x if weight is None else x.new_empty(groups, rows, channels)
        size = 1 if each else parts_of(groups, rows * channels, x)
        parts = [slice(start, min(start + size, groups)) for start in range(0, groups, size)]
        lengths = x.new_tensor([(part.stop - part.start) * rows for part in parts])
        ends = [x.new_empty(groups, channels) if wanted else None for wanted in (True, lowest, True, lowest)]
        mean, variance = (x.new_empty(len(parts), channels) for _ in range(2))
        for p, part in enumerate(parts):
            if weight is not None:
                torch.mm(x[part].flatten(0, 1), weight.T, out=z[part].view(-1, channels))
            summary = passes.Summary(*(_array(t, part) for t in ends), _array(mean, p), _array(variance, p))
            passes.prelu_summary(_array(z, part), _array(own, part), slope.numpy(), summary, threads=_threads())
        ctx.save_for_backward(x, weight, own, slope, z, *ends, mean, lengths)
        ctx.parts = parts
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(lengths)
        return *ends[:2], mean, variance, lengths

    @staticmethod
    def backward(ctx: Any, of_top: Tensor, of_bottom: Tensor, of_mean: Tensor, of_variance: Tensor, _: None) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        """Give gradients to x, the weight, the own part and the slope."""
        x, weight, own, slope, z, *ends, mean, lengths = ctx.saved_tensors
        of_x, of_own = torch.empty_like(x), None if own is None else torch.empty_like(own)
        of_weight, of_slope = None if weight is None else torch.zeros_like(weight), torch.zeros_like(slope)
        shares = [_share(of_end, count) for of_end, count in zip((of_top, of_bottom), ends[2:], strict=True)]
        a, b = (torch.zeros_like(mean) if g is None else g / lengths[:, None] for g in (of_mean, of_variance))
        b = 2 * b
        a = a - b * mean  # a row with the value p has a + b p from the moments
        scratch = None if weight is None else z.new_empty(ctx.parts[0].stop, *z.shape[1:])
        for p, part in enumerate(ctx.parts):
            of_summary = passes.Summary(*(_array(t, part) for t in (*ends[:2], *shares)), _array(a, p), _array(b, p))
            of_z = of_x[part] if weight is None else scratch[: part.stop - part.start]
            values = _array(z, part), _array(own, part), slope.numpy(), of_summary
            out = {"of_z": of_z.numpy(), "of_own": _array(of_own, part)}
            of_slope += torch.from_numpy(passes.prelu_gradient(*values, **out, threads=_threads()))
            if weight is not None:
                flat = of_z.flatten(0, 1)
                torch.mm(flat, weight, out=of_x[part].view(-1, x.shape[2]))
                of_weight.addmm_(flat.T, x[part].flatten(0, 1))
        return of_x, of_weight, of_own, of_slope, None, None


def _threads() -> int:
    return min(torch.get_num_threads(), MOST_THREADS)


def _array(tensor: Tensor | None, part: slice | int) -> passes.Floats | None:
    return None if tensor is None else tensor[part].numpy()


def _share(of_end: Tensor | None, count: Tensor | None) -> Tensor | None:
    """Return what each of the rows that attain an extreme has of its gradient."""
    if count is None:
        return None
    return torch.zeros_like(count) if of_end is None else of_end / count
