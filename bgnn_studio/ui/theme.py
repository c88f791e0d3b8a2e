"""One theme object for everything with a colour: Qt's style, palette and style sheet, plots, and the 3D scene."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from bgnn_studio.scene import theme as scene_theme
from bgnn_studio.scene.theme import SceneTheme
from bgnn_studio.ui.stylesheet import stylesheet

# The platform's own interface font comes first; DejaVu Sans is there on every Linux with an X server.
_FAMILIES = ["Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "Ubuntu", "Cantarell", "DejaVu Sans"]


@dataclass(frozen=True)
class Theme:
    """Colours of the window, as ``#rrggbb``.

    Attributes
    ----------
    name : str
        ``dark`` or ``light``.
    window, panel, raised, hover, border : str
        Surfaces, from the gaps between panels to what lies under the pointer, and the lines between them.
    text, muted, faint : str
        Text by importance; `faint` is for what is disabled.
    accent, on_accent, accent_soft, selected : str
        The one accent, text on it, its shade behind selected rows, and behind pressed buttons.
    error : str
    series : tuple of str
        Categories in bars, in this order; each differs from the next in lightness too.
    track : str
        The empty part of a bar.
    scene : SceneTheme
    """

    name: str
    window: str
    panel: str
    raised: str
    hover: str
    border: str
    text: str
    muted: str
    faint: str
    accent: str
    on_accent: str
    accent_soft: str
    selected: str
    error: str
    series: tuple[str, ...]
    track: str
    scene: SceneTheme


DARK = Theme(
    name="dark",
    window="#0f1216",
    panel="#171b21",
    raised="#20262e",
    hover="#2a313b",
    border="#272e37",
    text="#e3e8ee",
    muted="#95a1b0",
    faint="#5c6775",
    accent="#4ea1ff",
    on_accent="#07111c",
    accent_soft="#1b2c42",
    selected="#24507f",
    error="#ff7b72",
    series=("#4ea1ff", "#f2b552", "#3fc7a4", "#c18cf2", "#8592a3", "#ef7f9d", "#9ccb5a"),
    track="#252b34",
    scene=scene_theme.DARK,
)
LIGHT = Theme(
    name="light",
    window="#e9edf1",
    panel="#fbfcfd",
    raised="#ffffff",
    hover="#eaeff5",
    border="#d5dce4",
    text="#1b232c",
    muted="#566372",
    faint="#9aa5b1",
    accent="#1769d8",
    on_accent="#ffffff",
    accent_soft="#dfeafa",
    selected="#ffffff",
    error="#c62f2a",
    series=("#2f7de1", "#e39a1f", "#16997a", "#9257cf", "#8a97a6", "#d1507a", "#6f9f2e"),
    track="#e4e9ef",
    scene=scene_theme.LIGHT,
)
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


class ThemeSwitch(QObject):
    """Holds the theme of the application and tells who draws colours itself.

    Parameters
    ----------
    application : QApplication
    name : str or None
        ``dark`` or ``light``; None follows the system, and is dark where the system does not say.
    """

    changed = Signal(object)

    def __init__(self, application: QApplication, name: str | None = None) -> None:
        super().__init__()
        self._application = application
        if name not in THEMES:
            light = application.styleHints().colorScheme() == Qt.ColorScheme.Light
            name = "light" if light else "dark"
        application.setStyle(QStyleFactory.create("Fusion"))
        font = QFont()
        font.setFamilies(_FAMILIES)
        font.setPointSizeF(9.5)
        application.setFont(font)
        self.theme = THEMES[name]
        self._apply()

    def toggle(self) -> None:
        """Go from dark to light, and back."""
        self.set_theme(LIGHT if self.theme is DARK else DARK)

    def set_theme(self, theme: Theme) -> None:
        """Dress the application in a theme."""
        self.theme = theme
        self._apply()
        self.changed.emit(theme)

    def _apply(self) -> None:
        self._application.setPalette(palette(self.theme))
        self._application.setStyleSheet(stylesheet(self.theme))


def palette(theme: Theme) -> QPalette:
    """Return the full Qt palette of a theme."""
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.panel,
        role.WindowText: theme.text,
        role.Base: theme.panel,
        role.AlternateBase: theme.raised,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.faint,
        role.Text: theme.text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.error,
        role.Link: theme.accent,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Light: theme.hover,
        role.Midlight: theme.raised,
        role.Mid: theme.border,
        role.Dark: theme.border,
        role.Shadow: theme.window,
    }
    result = QPalette()
    for which, colour in colours.items():
        result.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, which, QColor(theme.faint))
    return result
