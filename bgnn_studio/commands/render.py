"""`bgnn-studio render`: a picture of a cloud and a layer's graph, with no window and no display."""

import os
import sys
from pathlib import Path
from typing import Any

from bgnn_studio.commands.inputs import open_points, write_file
from bgnn_studio.commands.system import missing_libraries
from bgnn_studio.core.views import ColourMode, layer_name
from bgnn_studio.errors import BgnnError


def use_offscreen_drawing() -> None:
    """Let VTK draw through EGL where there is no display; must run before VTK draws. Raises `BgnnError` without libEGL."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    missing = missing_libraries(drawing_only=True)
    if missing.command:
        raise BgnnError(f"Drawing needs {', '.join(missing.libraries)}. Run: {missing.command}")


def render(
    cloud_path: Path,
    model_path: Path | None,
    output: Path,
    *,
    reference_path: Path | None = None,
    raw: bool = False,
    count: int | None = None,
    k: int | None = None,
    threads: int = 1,
    layer: int = 1,
    edges: str = "all",
    colour: ColourMode = "height",
    pick: int | None = None,
    bit: int = 0,
    theme: str = "dark",
    size: tuple[int, int] = (1200, 800),
    up: str = "z",
) -> str:
    """Draw a cloud and the graph of one layer of a model to a PNG file; return what was written."""
    use_offscreen_drawing()
    from PIL import Image

    from bgnn_studio.native import Model
    from bgnn_studio.scene.render import render_image
    from bgnn_studio.scene.theme import DARK, LIGHT

    model, reference = (None if path is None else Model.open(path) for path in (model_path, reference_path))
    cloud, points = open_points(cloud_path, model, raw=raw, count=count)
    traced, compared = (None if m is None else m.infer(points, k=k, threads=threads, trace=True) for m in (model, reference))
    options: dict[str, Any] = {"edges": edges if model else "none", "colour": colour, "pick": pick, "bit": bit, "size": size, "up": up}
    title = cloud.name if model is None else f"{cloud.name} · {model.name} · {layer_name(layer, model.spec.on_bits)}"
    image = render_image(points, traced, layer=layer, reference=compared, theme=LIGHT if theme == "light" else DARK, title=title, **options)
    write_file(output, lambda file: Image.fromarray(image).save(file, format="PNG"))
    return f"{output}: {image.shape[1]} x {image.shape[0]} pixels, {title}"
