"""The floor of bit operations against bf2, and two threads against one."""

from pathlib import Path

import numpy as np
import torch

from bgnn_studio.core.spec import VARIANTS, network_spec
from bgnn_studio.native import Model
from bgnn_studio.training.timing import write_full_size
from tests.bench import machine
from tests.bench.contest import table

POINTS, K, ROUNDS, PASSES = 1024, 20, 6, 25


def bit_operations() -> dict[str, int]:
    """Return the bit multiply-adds that bf2 cannot do without, with the formulas as names."""
    spec = network_spec("bf2", tuple(str(i) for i in range(40)))
    pairs = list(zip(spec.widths, spec.widths[1:], strict=False))
    return {
        "edge halves: N k C_in C_out": sum(POINTS * K * a * b for a, b in pairs),
        "own halves: N C_in C_out": sum(POINTS * a * b for a, b in pairs),
        "embedding: N (sum C) E": POINTS * sum(spec.widths) * spec.embedding,
        "graphs: N N C": sum(POINTS * POINTS * a for a, _ in pairs),
    }


def least_steps_ns(model: Model, cloud: np.ndarray, threads: int, known: list[int]) -> list[int]:
    """Run a model some times; return the least nanoseconds of each of its steps so far: other work rarely hits all tries of a step."""
    for _ in range(PASSES):
        steps = [step.nanoseconds for step in model.infer(cloud, threads=threads).steps]
        known = [min(pair) for pair in zip(known or steps, steps, strict=True)]
    return known


def run(folder: Path) -> None:
    """Print the floor, then the scaling of every network beside that of a loop in registers, measured in turns."""
    models = {variant: Model.open(write_full_size(variant, folder)[0]) for variant in VARIANTS}
    cloud = torch.nn.functional.normalize(torch.randn(POINTS, 3, generator=torch.Generator().manual_seed(0))).numpy()
    program, rounds = machine.compile_floor(folder), []
    least: dict[tuple[str, int], list[int]] = {}
    for _ in range(ROUNDS):
        rounds.append(machine.floor(program, 2))
        for name, model in models.items():
            for threads in (1, 2):
                least[name, threads] = least_steps_ns(model, cloud, threads, least.get((name, threads), []))
    ms = {key: sum(steps) / 1e6 for key, steps in least.items()}
    best = {name: max(values[name] for values in rounds) for name in rounds[0]}
    clock = best["clock"][0]
    rates = {name: value for name, (value, unit) in best.items() if unit == "Gbit/s"}
    bits = bit_operations()
    floor_ms = sum(bits.values()) / max(rates.values()) * 1e-6
    table(
        "The floor of bf2: bit multiply-adds over the best rate in the first cache level",
        ["", ""],
        [
            *([name, f"{count / 1e6:.0f} M"] for name, count in bits.items()),
            ["together", f"{sum(bits.values()) / 1e6:.0f} M"],
            *([f"{name}, at {clock:.2f} GHz", f"{value:.0f} Gbit/s"] for name, value in rates.items()),
            ["**floor**", f"{floor_ms:.2f} ms"],
            ["bf2, 1 thread", f"{ms['bf2', 1]:.2f} ms = {ms['bf2', 1] / floor_ms:.2f} floors"],
        ],
    )
    registers = next(value for name, (value, _) in best.items() if name.startswith("scaling"))
    rows = []
    for name in models:
        scaling = ms[name, 1] / ms[name, 2]
        rows.append([name, f"{ms[name, 1]:.2f}", f"{ms[name, 2]:.2f}", f"{scaling:.2f}x", f"{scaling / registers:.2f}"])
    title = "Two threads against one: sums over the steps of a pass of the least wall time of each [ms]"
    table(title, ["", "1 thread", "2 threads", "scaling", "of the loop's"], rows)
    print(f"\nA loop that touches registers only scales {registers:.2f}x in the same run; {ROUNDS * PASSES} passes each.")
