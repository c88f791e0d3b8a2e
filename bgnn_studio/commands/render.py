"""`bgnn-studio render`: a picture of a cloud and a layer's graph, with no window and no display."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bgnn_studio.commands.arguments import add_input, asked_points, positive, size
from bgnn_studio.commands.compare import compare_models
from bgnn_studio.commands.inputs import open_points, write_file
from bgnn_studio.commands.system import use_offscreen_drawing
from bgnn_studio.core.comparison_views import Show
from bgnn_studio.core.preparation import DEFAULT_POINTS, AskedPoints
from bgnn_studio.core.views import COLOUR_MODES, ColourMode, EdgeMode, layer_name
from bgnn_studio.errors import BgnnError


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_input(command)
    command.add_argument(
        "--model",
        type=Path,
        action="append",
        default=[],
        metavar="MODEL",
        help="model file; two to four (--model A --model B) stand side by side, edges colored against the first; default: the cloud alone",
    )
    command.add_argument("--reference", type=Path, metavar="MODEL", help="model that --color drift of one model compares with")
    command.add_argument("--layer", type=positive, default=1, help="graph layer, 1: the input graph (default: 1)")
    command.add_argument("--edges", choices=("all", "none", "picked"), default="all", help="edges to draw (default: all)")
    command.add_argument("--pick", type=int, metavar="I", help="picked point, by index")
    command.add_argument(
        "--color",
        "--colour",
        default="height",
        metavar="MODE",
        help="color by height, distance, bit, in-degree, drift, critical, or what the file says of each point: rgb, normals, or a name of "
        "its own (default: height)",
    )
    command.add_argument("--bit", type=int, default=0, help="bit plane for --color bit (default: 0)")
    command.add_argument("--theme", choices=("dark", "light"), default="dark", help="colors (default: dark)")
    command.add_argument("--size", type=size, default=(1200, 800), metavar="WxH", help="pixels (default: 1200x800)")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="PNG", help="file to write")
    command.add_argument("--json", action="store_true", help="write JSON")


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    written = render(
        options.cloud,
        options.model,
        options.output,
        reference_path=options.reference,
        asked=asked_points(options),
        k=options.k,
        threads=options.threads,
        layer=options.layer,
        edges=options.edges,
        colour=options.color,
        pick=options.pick,
        bit=options.bit,
        theme=options.theme,
        size=options.size,
    )
    text = f"{written.path}: {written.width} x {written.height} pixels, {written.title}"
    print(json.dumps({**vars(written), "path": str(written.path)}, indent=2) if options.json else text)
    return 0


@dataclass(frozen=True)
class Written:
    """A picture that was written: its file, its size in pixels, and what it shows."""

    path: Path
    width: int
    height: int
    title: str


def render(
    cloud_path: Path,
    model_paths: Sequence[Path],
    output: Path,
    *,
    reference_path: Path | None = None,
    asked: AskedPoints = DEFAULT_POINTS,
    k: int | None = None,
    threads: int = 1,
    layer: int = 1,
    edges: EdgeMode = "all",
    colour: ColourMode = "height",
    pick: int | None = None,
    bit: int = 0,
    theme: str = "dark",
    size: tuple[int, int] = (1200, 800),
) -> Written:
    """Draw a cloud and the graph of one layer of a model, or of two to four side by side, to a PNG file; return what was written."""
    if reference_path is not None and len(model_paths) > 1:
        raise BgnnError("Expected --reference with one --model: of several models the first is the reference. Drop it.")
    use_offscreen_drawing()
    from PIL import Image

    from bgnn_studio.native import Model
    from bgnn_studio.scene.render import render_comparison, render_image
    from bgnn_studio.scene.theme import DARK, LIGHT

    shown = LIGHT if theme == "light" else DARK
    if len(model_paths) > 1:
        compared = compare_models(cloud_path, model_paths, asked=asked, k=k, threads=threads)
        attribute = None
        if colour not in COLOUR_MODES:
            attribute = open_points(cloud_path, Model.open(model_paths[0]), asked).attribute(colour)
        show = Show(layer, edges, colour, pick, bit, attribute=attribute)
        image = render_comparison(compared, show, theme=shown, size=size)
        title = f"{compared.cloud} · {', '.join(compared.names)} · {layer_name(layer)}"
    else:
        model, reference = (None if path is None else Model.open(path) for path in (next(iter(model_paths), None), reference_path))
        given = open_points(cloud_path, model, asked)
        cloud, points, attribute = given.cloud, given.points, given.attribute(colour)
        traced, other = (None if m is None else m.infer(points, k=k, threads=threads, trace=True) for m in (model, reference))
        options: dict[str, Any] = {"edges": edges if model else "none", "colour": colour, "pick": pick, "bit": bit, "size": size}
        title = cloud.name if model is None else f"{cloud.name} · {model.name} · {layer_name(layer, model.spec.on_bits)}"
        image = render_image(points, traced, layer=layer, reference=other, attribute=attribute, theme=shown, title=title, **options)
    write_file(output, lambda file: Image.fromarray(image).save(file, format="PNG"))
    return Written(output, image.shape[1], image.shape[0], title)
