"""What the palette offers beyond the menus: clouds, models, references, colours, edges and tabs."""

from typing import TYPE_CHECKING

from bgnn_studio.core.views import EDGE_MODES
from bgnn_studio.ui.actions import Command
from bgnn_studio.ui.panels.view_bar import COLOURS

if TYPE_CHECKING:
    from PySide6.QtWidgets import QTabWidget

    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model


def session_commands(session: "Session[Model]", tabs: "QTabWidget") -> list[Command]:
    """Return a command for every choice that the session offers now."""
    s = session
    found = [Command("Tab", f"Go to {tabs.tabText(i)}", lambda i=i: tabs.setCurrentIndex(i)) for i in range(tabs.count())]
    found += [Command("Cloud", f"Select {c.cloud.name}", lambda c=c: s.select_cloud(c)) for c in s.clouds]
    found += [Command("Model", f"Select {m.name}", lambda m=m: s.select_model(m)) for m in s.models]
    found += [Command("Reference", f"Compare with {m.name}", lambda m=m: s.set_reference(m)) for m in s.models if m is not s.model]
    if s.reference is not None:
        found.append(Command("Reference", "Compare with nothing", lambda: s.set_reference(None)))
    found += [Command("Colour", f"Colour by {text}", lambda m=mode: s.set_colour(m), reason=s.why_not(mode)) for mode, text, _ in COLOURS]
    found += [
        Command("Edges", f"Draw {mode} edges" if mode != "none" else "Draw no edges", lambda m=mode: s.set_edges(m)) for mode in EDGE_MODES
    ]
    return found
