"""Themes: which one a start takes, and that text can be read in both."""

from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bgnn_studio.ui.stylesheet import stylesheet
from bgnn_studio.ui.theme import DARK, LIGHT, Theme, ThemeSwitch


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (x / 255 for x in bytes.fromhex(colour[1:]))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda t: t.name)
def test_text_is_readable_on_every_surface(theme: Theme) -> None:
    for surface in (theme.window, theme.panel, theme.raised, theme.track):
        assert contrast(theme.text, surface) >= 7
        assert contrast(theme.muted, surface) >= 4.5
    for text, surface in ((theme.text, theme.selected), (theme.text, theme.accent_soft), (theme.on_accent, theme.accent)):
        assert contrast(text, surface) >= 4.5
    for colour in theme.series:
        assert contrast(colour, theme.panel) >= 2.2  # bars, each with its figure in text


@pytest.mark.parametrize(
    ("system", "name", "expected"),
    [
        (Qt.ColorScheme.Unknown, None, DARK),
        (Qt.ColorScheme.Light, None, LIGHT),
        (Qt.ColorScheme.Dark, None, DARK),
        (Qt.ColorScheme.Light, "dark", DARK),
        (Qt.ColorScheme.Unknown, "no such theme", DARK),
    ],
)
def test_a_start_takes_the_remembered_theme_or_the_systems(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, system: Qt.ColorScheme, name: str | None, expected: Theme
) -> None:
    monkeypatch.setattr(qapp, "styleHints", lambda: SimpleNamespace(colorScheme=lambda: system))
    assert ThemeSwitch(qapp, name).theme is expected


def test_a_switch_is_told_once(qapp: QApplication, qtbot: QtBot) -> None:
    switch = ThemeSwitch(qapp, "dark")
    told: list[Theme] = []
    switch.changed.connect(told.append)
    switch.toggle()
    switch.toggle()
    assert told == [LIGHT, DARK]


def test_the_style_sheet_names_no_colour_of_its_own() -> None:
    sheet = stylesheet(DARK)
    colours = set(vars(DARK).values()) - {DARK.name, DARK.series, DARK.scene}
    found = {word.strip(";") for word in sheet.split() if word.startswith("#")}
    assert found <= colours
