"""`bgnn-studio compare`: two to four models on one cloud, in every figure."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from bgnn_studio.commands.arguments import add_input, add_repeat, asked_points, positive
from bgnn_studio.commands.inputs import open_points, write_file
from bgnn_studio.commands.progress import progress
from bgnn_studio.commands.system import use_offscreen_drawing
from bgnn_studio.commands.text import table as aligned
from bgnn_studio.core.comparison import Comparison, check_models, compare, count_bits, run_model, time_model
from bgnn_studio.core.comparison_rows import comparison_table
from bgnn_studio.core.comparison_table import Table
from bgnn_studio.core.comparison_text import as_csv, as_json, as_markdown
from bgnn_studio.core.preparation import DEFAULT_POINTS, AskedPoints
from bgnn_studio.errors import BgnnError
from bgnn_studio.native import Model
from bgnn_studio.native.kernels import knn_hamming


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_input(command)
    command.add_argument(
        "--model",
        type=Path,
        action="append",
        required=True,
        metavar="MODEL",
        help="model file; give two to four, the first is the reference",
    )
    command.add_argument("--layer", type=positive, metavar="L", help="only this graph layer, 1: the input graph (default: all)")
    add_repeat(command, 20)
    command.add_argument("--json", action="store_true", help="write JSON")
    command.add_argument("--csv", type=Path, metavar="FILE", help="write the table as CSV, too")
    command.add_argument("--markdown", type=Path, metavar="FILE", help="write the table as Markdown, too")
    command.add_argument("--html", type=Path, metavar="FILE", help="write a report with pictures and plots, one file, too")


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    if options.html is not None:
        use_offscreen_drawing()  # says what is missing before anything runs
    with progress("steps") as show:
        compared = compare_models(
            options.cloud,
            options.model,
            asked=asked_points(options),
            k=options.k,
            threads=options.threads,
            repeat=options.repeat,
            layer=options.layer,
            show=show,
        )
        found = comparison_table(compared, options.layer)
        for path, write in ((options.csv, as_csv), (options.markdown, as_markdown)):
            if path is not None:
                _write(path, write(found))
        if options.html is not None:
            _write(options.html, _report(found, compared, options.layer, show))
    print(as_json(found, compared) if options.json else as_text(found))
    return 0


def compare_models(
    cloud_path: Path,
    model_paths: Sequence[Path],
    *,
    asked: AskedPoints = DEFAULT_POINTS,
    k: int | None = None,
    threads: int = 1,
    repeat: int = 0,
    layer: int | None = None,
    show: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Run models on the points that the first of them takes; with `repeat`, count bits and measure latencies, one after the other.

    Raises
    ------
    BgnnError
        Too few or too many models, a layer that none has, or points on which none of them can run.
    """
    models = [Model.open(path) for path in model_paths]
    check_models(models)
    deepest = max(len(model.spec.widths) for model in models)
    if layer is not None and layer > deepest:
        raise BgnnError(f"Expected a layer between 1 and {deepest} (got {layer}).")
    given = open_points(cloud_path, models[0], asked)
    runs = []
    for done, model in enumerate(models):
        if show is not None:
            show(done, len(models))
        run = run_model(model, given.points, k=k, threads=threads)
        runs.append(time_model(count_bits(run, knn_hamming), repeat) if repeat else run)
    if all(run.inference is None for run in runs):
        raise BgnnError(runs[0].reason)
    return compare(given.cloud.name, runs)


def as_text(found: Table) -> str:
    """Write the table for people: the best of a row has a star."""
    rows = [["", *found.names, "kind"]]
    for section, figures in found.sections():
        rows.append([section, *[""] * (len(found.names) + 1)])
        for row in figures:
            cells = [f"* {cell.text}" if i in row.best else cell.text for i, cell in enumerate(row.cells)]
            rows.append([f"  {row.name}", *cells, row.kind])
    notes = dict.fromkeys(note for row in found.rows for note in found.notes(row) if not note.endswith("bits."))
    said = [f"Latency: {found.row('Median').how}.", *notes]
    star = "* the best, where one is better and all measure the same"
    return "\n".join(
        [f"{found.cloud}, edges against {found.names[0]}", "", aligned(rows, right=range(1, len(rows[0]) - 1)), "", star, *said]
    )


def _report(found: Table, compared: Comparison, layer: int | None, show: Callable[[int, int], None]) -> str:
    from bgnn_studio.core.comparison_html import as_html
    from bgnn_studio.core.comparison_views import Show
    from bgnn_studio.scene.comparison_pictures import captioned, draw, drawings

    layers = range(1, compared.layers + 1) if layer is None else [layer]
    return as_html(found, compared, captioned(compared, layers, draw(drawings(compared, Show(), layers), show)))


def _write(path: Path, text: str) -> None:
    write_file(path, lambda file: file.write(text.encode()))
