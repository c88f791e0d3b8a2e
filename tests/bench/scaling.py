"""The floor of bit operations against bf2, and two threads against one."""

from pathlib import Path

import numpy as np

from bgnn_studio import native
from bgnn_studio.core.spec import VARIANTS, network_spec
from bgnn_studio.native import Model
from bgnn_studio.training.timing import write_full_size
from tests.bench import machine
from tests.bench.contest import Short, table

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


def sphere() -> np.ndarray:
    """Return random points on the unit sphere, (POINTS, 3) float32."""
    points = np.random.default_rng(0).normal(size=(POINTS, 3))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def least_steps_ns(model: Model, cloud: np.ndarray, threads: int, known: list[int]) -> list[int]:
    """Run a model some times; return the least nanoseconds of each of its steps so far: other work rarely hits all tries of a step."""
    for _ in range(PASSES):
        steps = [step.nanoseconds for step in model.infer(cloud, threads=threads).steps]
        known = [min(pair) for pair in zip(known or steps, steps, strict=True)]
    return known


def run(folder: Path, short: Short) -> None:
    """Print the floor, then the scaling of every network beside that of a loop in registers, measured in turns."""
    models = {variant: Model.open(write_full_size(variant, folder)[0]) for variant in VARIANTS}
    cloud = sphere()
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
    total = sum(bits.values())
    usable = [name for name in rates if native.isa() == "avx512" or not name.startswith("AVX-512")]
    used = max(usable, key=lambda name: rates[name])
    floors = ms["bf2", 1] / (total / rates[used] * 1e-6)
    rows = []
    for name, rate in rates.items():
        own = [f"{ms['bf2', 1]:.2f}", f"{floors:.2f}"] if name == used else ["-", "-"]
        rows.append([name, f"{rate:.0f}", f"{total / rate * 1e-6:.2f}", *own])
    title = "The floor of `bf2`: its bit multiply-adds over rates in the first cache level, 1 thread"
    table(title, ["technique", "Gbit/s", "floor [ms]", "`bf2` [ms]", "floors"], rows)
    parts = "; ".join(f"{name} {count / 1e6:.0f} M" for name, count in bits.items())
    print(f"\n{clock:.2f} GHz. {parts}; together {total / 1e6:.0f} M.")
    print(f"`bf2` on {native.isa()}: sums over the steps of the least time of each in {ROUNDS * PASSES} passes.")
    short.figures.append(["`bf2` over the floor of its bit operations", "at most 2.5", f"{floors:.2f} ({used})"])
    registers = next(value for name, (value, _) in best.items() if name.startswith("scaling"))
    rows = []
    for name in models:
        scaling = ms[name, 1] / ms[name, 2]
        if name == "bf2":
            short.figures.append(["two threads on `bf2`: of the scaling of a loop in registers", "0.9", f"{scaling / registers:.2f}"])
        rows.append([name, f"{ms[name, 1]:.2f}", f"{ms[name, 2]:.2f}", f"{scaling:.2f}x", f"{scaling / registers:.2f}"])
    title = "Two threads against one: sums over the steps of a pass of the least wall time of each [ms]"
    table(title, ["", "1 thread", "2 threads", "scaling", "of the loop's"], rows)
    print(f"\nA loop that touches registers only scales {registers:.2f}x in the same run.")
