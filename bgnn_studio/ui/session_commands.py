"""What the palette offers beyond the menus: clouds, models, references, colours, edges and tabs."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from bgnn_studio.core.preparation import UP_AXES, Preparation
from bgnn_studio.core.views import EDGE_MODES
from bgnn_studio.ui.actions import Command
from bgnn_studio.ui.panels.view_bar import COLOURS

if TYPE_CHECKING:
    from PySide6.QtWidgets import QTabWidget

    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model


def session_commands(session: "Session[Model]", tabs: "QTabWidget", prepare: Callable[[Preparation, str], None]) -> list[Command]:
    """Return a command for every choice that the session offers now; `prepare` is what does something else to the points."""
    s = session
    found = [Command("Tab", f"Go to {tabs.tabText(i)}", lambda i=i: tabs.setCurrentIndex(i)) for i in range(tabs.count())]
    found += [Command("Cloud", f"Select {c.cloud.name}", lambda c=c: s.select_cloud(c)) for c in s.clouds]
    found += [Command("Model", f"Select {m.name}", lambda m=m: s.select_model(m)) for m in s.models]
    found += [Command("Reference", f"Compare with {m.name}", lambda m=m: s.set_reference(m)) for m in s.models if m is not s.model]
    if s.reference is not None:
        found.append(Command("Reference", "Compare with nothing", lambda: s.set_reference(None)))
    found += [Command("Colour", f"Colour by {text}", lambda m=mode: s.set_colour(m), reason=s.why_not(mode)) for mode, text, _ in COLOURS]
    found += [
        Command("Colour", f"Colour by {a.name}", lambda m=a.name: s.set_colour(m)) for a in (s.cloud.cloud.attributes if s.cloud else ())
    ]
    found += [
        Command("Edges", f"Draw {mode} edges" if mode != "none" else "Draw no edges", lambda m=mode: s.set_edges(m)) for mode in EDGE_MODES
    ]
    found += [Command("Cloud", text, lambda p=p, text=text: prepare(p, text[0].lower() + text[1:])) for p, text in _preparations(session)]
    return found


def _preparations(session: "Session[Model]") -> Iterator[tuple[Preparation, str]]:
    """Yield what else could be done to the points of the selected cloud, and its name."""
    if session.cloud is None:
        return
    now = session.cloud.preparation
    yield replace(now, centre=not now.centre), "Leave the cloud where it is" if now.centre else "Centre the cloud"
    yield replace(now, unit=not now.unit), "Leave the cloud its size" if now.unit else "Scale the cloud to the unit sphere"
    yield from ((replace(now, up=axis), f"Let {axis} point up") for axis in UP_AXES if axis != now.up)
    other, text = ("random", "Choose points at random") if now.method == "farthest" else ("farthest", "Choose points by farthest point")
    yield replace(now, method=other), text
