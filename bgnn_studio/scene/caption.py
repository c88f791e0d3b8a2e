"""Lines of text in the upper corners of a view, each in its own colour: under the title at the left, and at the right."""

from collections.abc import Sequence

from vtkmodules.vtkRenderingCore import vtkCoordinate, vtkRenderer, vtkTextActor

from bgnn_studio.scene.legend import LABEL_SIZE, TITLE_SIZE

LEFT, RIGHT, TOP = 0.025, 0.975, 0.965  # the title stands at the left of these corners
_LEADING = 1.55
LINES = 3  # at most, in each corner

Line = tuple[str, tuple[float, float, float]]


class Caption:
    """Lines at distances in pixels from each other, so that they fit viewports of any height."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self.left = [_line(LEFT) for _ in range(LINES)]
        self.right = [_line(RIGHT) for _ in range(LINES)]
        for actor in (*self.left, *self.right):
            renderer.AddViewProp(actor)

    def set_lines(self, left: Sequence[Line], right: Sequence[Line] = ()) -> None:
        """Show (text, colour) lines from the title down, and others from the corner at the right down."""
        ratio = max(self._renderer.GetRenderWindow().GetDPI(), 72) / 72
        _show(self.left, left, -room(0, ratio), ratio)
        _show(self.right, right, 0.0, ratio)


def room(lines: int, ratio: float) -> float:
    """Return the pixels that the title and so many lines under it take of a view."""
    return ratio * _LEADING * (TITLE_SIZE + lines * LABEL_SIZE)


def _show(actors: list[vtkTextActor], lines: Sequence[Line], start: float, ratio: float) -> None:
    for i, actor in enumerate(actors):
        actor.SetVisibility(i < len(lines))
        if i < len(lines):
            actor.SetInput(lines[i][0])
            actor.GetTextProperty().SetColor(*lines[i][1])
            actor.GetPositionCoordinate().SetValue(0.0, start - ratio * _LEADING * i * LABEL_SIZE)


def _line(x: float) -> vtkTextActor:
    actor = vtkTextActor()
    corner = vtkCoordinate()
    corner.SetCoordinateSystemToNormalizedViewport()
    corner.SetValue(x, TOP)
    actor.GetPositionCoordinate().SetCoordinateSystemToViewport()
    actor.GetPositionCoordinate().SetReferenceCoordinate(corner)
    style = actor.GetTextProperty()
    style.SetFontSize(LABEL_SIZE)
    style.SetVerticalJustificationToTop()
    if x == RIGHT:
        style.SetJustificationToRight()
    return actor
