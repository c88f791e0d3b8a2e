"""The figures of a comparison: what the models say, how accurate, fast and large they are, and what became of their graphs."""

from collections.abc import Callable, Iterable

from bgnn_studio.core.comparison import Comparison, Run
from bgnn_studio.core.comparison_table import Better, Cell, Kind, Row, Table, cell
from bgnn_studio.core.edge_difference import CHANGES, Change
from bgnn_studio.core.memory import activation_memory, parameter_memory
from bgnn_studio.core.timing import WARMUP
from bgnn_studio.core.units import size_text
from bgnn_studio.core.views import layer_name

_CHANGE_HOW: dict[Change, str] = {
    "kept": "Edges that the reference's graph of this layer has, too",
    "new": "Edges that the reference's graph of this layer does not have",
    "lost": "Edges that only the reference's graph of this layer has",
}
_NO_CARD = "The model file says nothing of its accuracy."


def comparison_table(comparison: Comparison, only_layer: int | None = None) -> Table:
    """Return every figure of a comparison, or of its layers one; what is not measured yet, or cannot be, says so in its cell."""
    rows = [*_prediction(comparison), *_accuracy(comparison), *_latency(comparison), *_memory(comparison)]
    for layer in range(1, comparison.layers + 1) if only_layer is None else [only_layer]:
        rows += [*_edges(comparison, layer), *_bits(comparison, layer)]
    return Table(comparison.cloud, comparison.names, tuple(rows))


def _prediction(comparison: Comparison) -> Iterable[Row]:
    runs = comparison.runs
    first = runs[0]
    classes, confidences, same = [], [], []
    for i, run in enumerate(runs):
        if run.inference is None:
            classes.append(cell(None, note=run.reason))
            confidences.append(cell(None, note=run.reason))
            same.append(cell(None, note=run.reason))
            continue
        note = sizes_note(run)
        best = int(run.inference.logits.argmax())
        classes.append(cell(run.model.spec.classes[best], note=note))
        confidences.append(cell(100 * float(run.inference.probabilities[best]), _percent, note))
        same.append(_agreement(i, run, first))
    how = "The class of the largest logit, on these points"
    yield Row("Prediction", None, "Class", "", "measured", None, how, tuple(classes))
    yield Row("Prediction", None, "Confidence", "%", "measured", None, "Softmax of its logit; high is not right", tuple(confidences))
    how = f"Whether the class is that of {comparison.names[0]}"
    yield Row("Prediction", None, "As the reference", "", "measured", None, how, tuple(same))


def _agreement(i: int, run: Run, first: Run) -> Cell:
    if i == 0:
        return cell("reference")
    if first.inference is None or run.inference is None:
        return cell(None, note=first.reason)
    if run.model.spec.classes != first.model.spec.classes:
        return cell(None, note=f"Its {len(run.model.spec.classes)} classes are not the {len(first.model.spec.classes)} of the reference.")
    return cell("yes" if run.inference.logits.argmax() == first.inference.logits.argmax() else "no")


def _accuracy(comparison: Comparison) -> Iterable[Row]:
    cards = [run.model.accuracy for run in comparison.runs]
    overall = tuple(cell(100 * c.overall, _percent) if c else cell(None, note=_NO_CARD) for c in cards)
    mean = tuple(cell(100 * c.class_mean, _percent) if c else cell(None, note=_NO_CARD) for c in cards)
    on = tuple(cell(f"{c.count:,}, {c.split}", note=f"{c.dataset}.") if c else cell(None, note=_NO_CARD) for c in cards)
    different = len({(c.dataset, c.split, c.count) for c in cards if c}) > 1
    unfair = "Measured on different clouds: not to be compared." if different else ""
    for name, how, cells in (
        ("Accuracy", "Part of all clouds that is right", overall),
        ("Class mean", "Mean over the classes of the part of their clouds that is right", mean),
    ):
        yield Row("Accuracy", None, name, "%", "model file", "larger", how, cells, unfair)
    yield Row("Accuracy", None, "Measured on", "", "model file", None, "How many labelled clouds, and their split", on)


def _latency(comparison: Comparison) -> Iterable[Row]:
    runs = comparison.runs
    ran = next((run.inference for run in runs if run.inference), None)
    passes = sorted({len(run.latency.samples_ns) for run in runs if run.latency})
    how = f"Wall time of a pass over {len(runs[0].points):,} points on this machine, one model after the other"
    if ran is not None and passes:
        counts = f"{passes[0]}" if len(passes) == 1 else f"{passes[0]} to {passes[-1]}"
        threads = f"{ran.threads} thread{'s' if ran.threads > 1 else ''}"
        how = f"{how}: {counts} passes each after {WARMUP} to warm up; {ran.isa}, {threads}"
    for name, percent in (("Median", 50), ("90th percentile", 90)):
        cells = []
        for run in runs:
            ms = run.latency.percentile_ms(percent) if run.latency else None
            cells.append(cell(ms, _milliseconds, sizes_note(run) if run.latency else run.reason or "Not measured yet."))
        yield Row("Latency", None, name, "ms", "measured", "smaller", how, tuple(cells))


def _memory(comparison: Comparison) -> Iterable[Row]:
    runs = comparison.runs
    points = len(runs[0].points)
    weights = [parameter_memory(run.model.spec) for run in runs]
    packed = [sum(layer.packed.bytes for layer in layers) for layers in weights]
    real = [sum(layer.float32.bytes for layer in layers) for layers in weights]
    kept = [[a for a in activation_memory(run.model.spec, points, run.k) if a.kept] if run.inference else None for run in runs]

    def row(name: str, kind: Kind, better: Better | None, how: str, values: Iterable[int | None], *, here: bool = True) -> Row:
        cells = tuple(
            cell(value, size_text, "" if not here else run.reason if value is None else sizes_note(run))
            for run, value in zip(runs, values, strict=True)
        )
        return Row("Memory", None, name, "bytes", kind, better, how, cells)

    yield row("Model file", "measured", "smaller", "Size on disk", [run.model.file_bytes for run in runs], here=False)
    yield row("Weights", "computed", "smaller", "Weights, norms and thresholds as the file holds them", packed, here=False)
    yield row("Weights as float32", "computed", None, "The same network, every weight and norm in 4 bytes", real, here=False)
    ratios = tuple(cell(a / b, _times) for a, b in zip(real, packed, strict=True))
    yield Row("Memory", None, "Smaller than float32", "×", "computed", "larger", "Weights as float32 / weights", ratios)
    how = f"Graphs, features and inputs that a pass over {points:,} points stores, bits in words"
    yield row("Activations", "computed", "smaller", how, [None if k is None else sum(a.packed.bytes for a in k) for k in kept])
    how = "The same tensors, every value in 4 bytes"
    yield row("Activations as float32", "computed", None, how, [None if k is None else sum(a.float32.bytes for a in k) for k in kept])
    arenas = [run.inference.arena_bytes if run.inference else None for run in runs]
    yield row("Arena", "measured", "smaller", "Scratch memory that the engine took for the pass: all buffers at their peak", arenas)
    peaks = [None if a is None else run.model.file_bytes + run.model.prepared_bytes + a for run, a in zip(runs, arenas, strict=True)]
    yield row("Peak of a pass", "computed", "smaller", "File in memory + prepared weights + arena, each measured; at most this", peaks)


def _edges(comparison: Comparison, layer: int) -> Iterable[Row]:
    section, runs = section_of(layer), comparison.runs
    different = len({run.k for run in runs if run.inference}) > 1
    unfair = "Models differ in k, and so in how many edges they can share." if different else ""

    def row(name: str, unit: str, better: Better, how: str, value: Callable[[int], Cell]) -> Row:
        cells = [cell("reference", note=comparison.why_no_graph(0, layer) or "")]
        for i in range(1, len(runs)):
            why = comparison.why_no_difference(i, layer)
            cells.append(value(i) if why is None else cell(None, note=why))
        return Row(section, layer, name, unit, "measured", better, how, tuple(cells), unfair)

    for change in CHANGES:
        better: Better = "larger" if change == "kept" else "smaller"
        name, how = f"Edges {change}", _CHANGE_HOW[change]
        yield row(name, "edges", better, how, lambda i, change=change: _edge_cell(comparison, i, layer, change))  # type: ignore[misc]
    how = "|A \N{INTERSECTION} B| / |A \N{UNION} B| of a point's neighbours in the two graphs, mean over the points; 1 is the same graph"
    yield row("Jaccard", "", "larger", how, lambda i: _edge_cell(comparison, i, layer, None))


def _edge_cell(comparison: Comparison, i: int, layer: int, change: Change | None) -> Cell:
    difference = comparison.difference(i, layer)
    assert difference is not None
    note = sizes_note(comparison.runs[i])
    return cell(difference.jaccard, _hundredths, note) if change is None else cell(difference.count(change), _count, note)


def _bits(comparison: Comparison, layer: int) -> Iterable[Row]:
    if layer == 1 or not any(run.model.spec.on_bits for run in comparison.runs):
        return
    section, runs = section_of(layer), comparison.runs
    points = len(runs[0].points)
    codes: list[Cell] = []
    ties: list[Cell] = []
    dead: list[Cell] = []
    for i, run in enumerate(runs):
        why = comparison.why_no_graph(i, layer)
        if why is None and not run.model.spec.on_bits:
            why = "Its graph is built on real features, which are no codes."
        elif why is None and not run.facts:
            why = "Not counted yet."
        facts = None if why else run.facts[layer - 1]
        if facts is None:
            for cells in (codes, ties, dead):
                cells.append(cell(None, note=why or ""))
            continue
        width = len(facts.dead)
        codes.append(cell(facts.codes, _count, f"{width} bits."))
        ties.append(cell(100 * facts.tied / points, _percent))
        dead.append(cell(100 * float(facts.dead.mean()), _percent, f"{int(facts.dead.sum())} of {width} bits."))
    differ = len({run.k for run in runs if run.inference and run.model.spec.on_bits}) > 1
    unfair = "Models differ in k, and so in the place where ties are counted." if differ else ""
    how = f"Different codes among the {points:,} points"
    yield Row(section, layer, "Unique codes", "codes", "measured", "larger", how, tuple(codes))
    how = "Points at which the k-th neighbour ties with one left out: there the order of indices decides"
    yield Row(section, layer, "Ties", "%", "measured", "smaller", how, tuple(ties), unfair)
    yield Row(section, layer, "Dead bits", "%", "measured", "smaller", "Bits that are the same at all points", tuple(dead))


def sizes_note(run: Run) -> str:
    """Say that a model ran with another number of points or of neighbours than it was trained with; empty where it did not."""
    spec, points = run.model.spec, len(run.points)
    parts = [(spec.points, points, f"{spec.points:,} points", f"{points:,}")] if spec.points != points else []
    parts += [(spec.k, run.k, f"k = {spec.k}", f"{run.k}")] if spec.k != run.k else []
    if not parts:
        return ""
    return f"Trained with {' and '.join(p[2] for p in parts)}, run with {' and '.join(p[3] for p in parts)}."


def section_of(layer: int) -> str:
    """Return the heading of a layer's figures."""
    name = layer_name(layer)
    return name[0].upper() + name[1:]


def _percent(value: float) -> str:
    return f"{value:.1f} %"


def _milliseconds(value: float) -> str:
    return f"{value:.3f} ms" if value < 1 else f"{value:.2f} ms"


def _times(value: float) -> str:
    return f"{value:.1f} ×"


def _hundredths(value: float) -> str:
    return f"{value:.3f}"


def _count(value: float) -> str:
    return f"{value:,.0f}"
