"""The colours of a scene, as one value that the window's theme fills."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SceneTheme:
    """Colours as ``#rrggbb``.

    Attributes
    ----------
    top, bottom : str
        Background gradient.
    text : str
        Legend and title.
    pick, accent : str
        The picked point; its edges, and the rims of it and its neighbours.
    point : str
        Points without scalars.
    shadow, shadow_opacity : str, float
        The soft shadow on the floor.
    edge_shade : float
        How much edges are darkened against the points they join, 0 to 1: bright lines vanish on a light background.
    edge_ink : float
        Strength of all edges together; the opacity of one edge is this shared out by their number and length.
    changes : (str, str, str)
        Edges kept, new and lost against a reference: grey, blue and orange, which differ for every kind of colour vision.
    """

    top: str
    bottom: str
    text: str
    pick: str
    accent: str
    point: str
    shadow: str
    shadow_opacity: float
    edge_shade: float
    edge_ink: float
    changes: tuple[str, str, str]


DARK = SceneTheme(
    "#232934", "#0d1014", "#dfe4ea", "#ff3366", "#ffffff", "#9fb0c3", "#000000", 0.45, 0.0, 1.0, ("#8c99a8", "#4db4ff", "#ff8a3c")
)
LIGHT = SceneTheme(
    "#ffffff", "#dde3ea", "#26303b", "#e6194b", "#1b2430", "#5d7288", "#3c4a5a", 0.40, 0.45, 1.3, ("#8794a3", "#0a6fd6", "#d95f02")
)


def rgb(colour: str) -> tuple[float, float, float]:
    """Convert ``#rrggbb`` to three floats between 0 and 1."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red / 255, green / 255, blue / 255


def middle(theme: SceneTheme) -> tuple[float, float, float]:
    """Return the colour halfway down the background: what far points fade to."""
    red, green, blue = ((a + b) / 2 for a, b in zip(rgb(theme.top), rgb(theme.bottom), strict=True))
    return red, green, blue
