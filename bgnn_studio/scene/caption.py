"""Lines of text in the corners of a view, each in its own colour: under the title, and at the lower left."""

from collections.abc import Sequence

from vtkmodules.vtkRenderingCore import vtkCoordinate, vtkRenderer, vtkTextActor

from bgnn_studio.scene.legend import LABEL_SIZE, TITLE_SIZE

LEFT, TOP, BOTTOM = 0.025, 0.965, 0.035  # the title stands at the upper of these corners
_LEADING = 1.55
HEAD, FOOT = 3, 3  # lines at most

Line = tuple[str, tuple[float, float, float]]


class Caption:
    """Lines at distances in pixels from each other, so that they fit viewports of any height."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self.head = [_line(TOP) for _ in range(HEAD)]
        self.foot = [_line(BOTTOM) for _ in range(FOOT)]
        for actor in (*self.head, *self.foot):
            renderer.AddViewProp(actor)

    def set_lines(self, head: Sequence[Line], foot: Sequence[Line] = ()) -> None:
        """Show (text, colour) lines from the title down, and others that end at the bottom."""
        step = _LEADING * max(self._renderer.GetRenderWindow().GetDPI(), 72) / 72
        _show(self.head, head, [-step * (TITLE_SIZE + i * LABEL_SIZE) for i in range(len(head))])
        _show(self.foot, foot, [step * i * LABEL_SIZE for i in reversed(range(len(foot)))])


def room(lines: int, ratio: float) -> float:
    """Return the pixels that the title and so many lines under it take of a view."""
    return ratio * _LEADING * (TITLE_SIZE + lines * LABEL_SIZE)


def _show(actors: list[vtkTextActor], lines: Sequence[Line], heights: list[float]) -> None:
    for i, actor in enumerate(actors):
        actor.SetVisibility(i < len(lines))
        if i < len(lines):
            actor.SetInput(lines[i][0])
            actor.GetTextProperty().SetColor(*lines[i][1])
            actor.GetPositionCoordinate().SetValue(0.0, heights[i])


def _line(y: float) -> vtkTextActor:
    actor = vtkTextActor()
    corner = vtkCoordinate()
    corner.SetCoordinateSystemToNormalizedViewport()
    corner.SetValue(LEFT, y)
    actor.GetPositionCoordinate().SetCoordinateSystemToViewport()
    actor.GetPositionCoordinate().SetReferenceCoordinate(corner)
    style = actor.GetTextProperty()
    style.SetFontSize(LABEL_SIZE)
    if y == TOP:
        style.SetVerticalJustificationToTop()
    return actor
