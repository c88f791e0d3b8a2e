"""The floor of bit operations against bf2, and two threads against one."""

from pathlib import Path

import torch

from bgnn_studio.core.spec import VARIANTS, network_spec
from bgnn_studio.native import Model
from bgnn_studio.training.timing import write_full_size
from tests.bench import machine
from tests.bench.contest import Contender, hold, table

POINTS, K, ROUNDS = 1024, 20, 8


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


def run(folder: Path) -> None:
    """Print the floor, then the scaling of every network beside that of a loop in registers, measured in turns."""
    models = {variant: Model.open(write_full_size(variant, folder)[0]) for variant in VARIANTS}
    cloud = torch.nn.functional.normalize(torch.randn(POINTS, 3, generator=torch.Generator().manual_seed(0))).numpy()
    program, rounds, one, two = machine.compile_floor(folder), [], {}, {}
    for _ in range(ROUNDS):
        rounds.append(machine.floor(program, 2))
        for name, model in models.items():
            for threads, times in ((1, one), (2, two)):
                contender = times.setdefault(name, Contender(name, lambda m=model, t=threads: m.infer(cloud, threads=t)))
                hold([contender], threads=2, budget_s=0, turn_s=0.05)
    best = {name: max(values[name] for values in rounds) for name in rounds[0]}
    clock = best["clock"][0]
    rates = {name: value for name, (value, unit) in best.items() if unit == "Gbit/s"}
    bits, rate = bit_operations(), max(rates.values())
    floor_ms = sum(bits.values()) / rate * 1e-6
    table(
        "The floor of bf2: bit multiply-adds over the best rate in the first cache level",
        ["", ""],
        [
            *([name, f"{count / 1e6:.0f} M"] for name, count in bits.items()),
            ["together", f"{sum(bits.values()) / 1e6:.0f} M"],
            *([f"{name}, at {clock:.2f} GHz", f"{value:.0f} Gbit/s"] for name, value in rates.items()),
            ["**floor**", f"{floor_ms:.2f} ms"],
            ["bf2, 1 thread, min (wall time)", f"{one['bf2'].min_ms:.2f} ms = {one['bf2'].min_ms / floor_ms:.2f} floors"],
        ],
    )
    registers = next(value for name, (value, _) in best.items() if name.startswith("scaling"))
    rows = []
    for name in models:
        scaling = one[name].min_ms / two[name].min_ms
        rows.append([name, f"{one[name].min_ms:.2f}", f"{two[name].min_ms:.2f}", f"{scaling:.2f}x", f"{scaling / registers:.2f}"])
    title = f"Two threads against one, least wall times [ms]; a loop in registers scales {registers:.2f}x in the same run"
    table(title, ["", "1 thread", "2 threads", "scaling", "of the loop's"], rows)
