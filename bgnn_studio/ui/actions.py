"""What the user can do, read from the real menus and actions: for the command palette and the overview of shortcuts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget


@dataclass(frozen=True)
class Command:
    """One thing to do.

    Attributes
    ----------
    group, text : str
        Where it is found, and what it is called.
    run : callable
    shortcut : str
        In the system's own writing; empty: none.
    reason : str or None
        Why it cannot be done now; None: it can.
    name : str
        What it is always called; empty: as `text`.
    """

    group: str
    text: str
    run: Callable[[], object]
    shortcut: str = ""
    reason: str | None = None
    name: str = ""


def menu_commands(bar: QMenuBar) -> list[Command]:
    """Return every visible action of the menus, submenus included, in their order."""
    return [command for action in bar.actions() for command in _of_menu(action, ())]


def other_shortcuts(window: QWidget) -> list[Command]:
    """Return what has a shortcut but is in no menu: actions of lists and tables, and named shortcuts."""
    in_menus = {action for menu in window.findChildren(QMenu) for action in menu.actions()}
    actions = [action for action in window.findChildren(QAction) if action not in in_menus and action.shortcuts() and action.text()]
    found = [Command("Lists and tables", plain(action.text()), action.trigger, keys(action.shortcuts())) for action in actions]
    shortcuts = [shortcut for shortcut in window.findChildren(QShortcut) if shortcut.whatsThis()]
    found += [Command("Lists and tables", s.whatsThis(), s.activated.emit, keys(s.keys())) for s in shortcuts]
    return list({(command.text, command.shortcut): command for command in found}.values())


def plain(text: str) -> str:
    """Return a label without its mnemonics."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")


def keys(sequences: list[QKeySequence]) -> str:
    """Return key sequences as the system writes them."""
    return " or ".join(sequence.toString(QKeySequence.SequenceFormat.NativeText) for sequence in sequences)


def _of_menu(action: QAction, path: tuple[str, ...]) -> Iterator[Command]:
    menu = action.menu()
    if action.isSeparator() or not action.isVisible():
        return
    if isinstance(menu, QMenu):
        menu.aboutToShow.emit()  # menus that are filled when they are shown
        for inner in menu.actions():
            yield from _of_menu(inner, (*path, plain(action.text())))
        return
    text, tip = plain(action.text()), action.toolTip()
    reason = None if action.isEnabled() else tip if tip != text.rstrip("\N{HORIZONTAL ELLIPSIS}") else "Not now"
    if action.isCheckable():
        text = f"{'Hide' if action.isChecked() else 'Show'} {text}"
    where = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} ".join(path)
    yield Command(where, text, action.trigger, keys(action.shortcuts()), reason, action.iconText())
