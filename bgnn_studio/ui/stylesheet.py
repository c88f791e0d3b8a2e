"""The style sheet: spacing, corners, section headers; every colour comes from the theme."""

from typing import TYPE_CHECKING

from bgnn_studio.core.resources import assets_dir

if TYPE_CHECKING:
    from bgnn_studio.ui.theme import Theme

_SHEET = """
QMainWindow, QMainWindow::separator {{ background: {window}; }}
QMainWindow::separator {{ width: 6px; height: 6px; }}
QMainWindow::separator:hover {{ background: {accent_soft}; }}
QWidget#Viewport {{ background: {panel}; }}

QMenuBar {{ background: {window}; padding: 3px 6px; }}
QMenuBar::item {{ padding: 4px 10px; border-radius: 5px; background: transparent; color: {muted}; }}
QMenuBar::item:selected {{ background: {raised}; color: {text}; }}
QMenu {{ background: {raised}; border: 1px solid {border}; padding: 5px; }}
QMenu::item {{ padding: 5px 26px 5px 14px; border-radius: 4px; }}
QMenu::item:selected {{ background: {accent}; color: {on_accent}; }}
QMenu::item:disabled {{ color: {faint}; }}
QMenu::separator {{ height: 1px; background: {border}; margin: 5px 8px; }}

QStatusBar {{ background: {window}; color: {muted}; }}
QStatusBar::item {{ border: none; }}
QStatusBar QLabel {{ color: {muted}; padding: 1px 8px; }}
QProgressBar {{ background: {track}; border: none; border-radius: 3px; max-height: 6px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}

QDockWidget {{ titlebar-close-icon: none; titlebar-normal-icon: none; }}
QLabel#DockTitle {{ background: {panel}; color: {muted}; padding: 10px 12px 6px 12px; font-weight: 600; }}
QLabel#Caption {{ color: {muted}; }}
QLabel#Answer {{ color: {text}; font-size: 13pt; font-weight: 600; padding-bottom: 3px; }}
QLabel#Problem {{ color: {error}; }}
QLabel#Headline {{ color: {text}; font-weight: 600; }}

QFrame#ToolStrip {{ background: {panel}; border-bottom: 1px solid {border}; }}
QPushButton {{ background: {raised}; border: 1px solid {border}; border-radius: 6px; padding: 4px 12px; }}
QPushButton:hover {{ background: {hover}; }}
QPushButton:focus {{ border-color: {accent}; }}
QPushButton:disabled {{ color: {faint}; }}
QPushButton#Primary:enabled {{ background: {accent}; color: {on_accent}; border-color: {accent}; }}
QPushButton#Primary:focus {{ border-color: {text}; }}
QToolButton {{ background: transparent; border: 1px solid transparent; border-radius: 5px; padding: 2px 8px; color: {muted}; }}
QToolButton:hover {{ background: {hover}; color: {text}; }}
QToolButton:checked {{ background: {accent_soft}; color: {accent}; }}
QToolButton:focus {{ border-color: {accent}; }}

QFrame#Segments {{ background: {track}; border-radius: 7px; }}
QFrame#Segments QToolButton {{ border-radius: 5px; padding: 3px 9px; color: {muted}; }}
QFrame#Segments QToolButton:hover {{ color: {text}; background: transparent; }}
QFrame#Segments QToolButton:checked {{ background: {selected}; color: {text}; }}
QFrame#Segments QToolButton:disabled {{ color: {faint}; }}
QFrame#Segments QToolButton:focus {{ border: 1px solid {text}; }}

QToolButton#Small {{ padding: 0px; }}
QAbstractSpinBox {{ background: {track}; border: 1px solid transparent; border-radius: 5px; padding: 1px 4px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{
  subcontrol-origin: border; width: 0px; height: 0px; border: none;
}}
QAbstractSpinBox QLineEdit {{ background: transparent; border: none; padding: 0 4px; }}
QAbstractSpinBox:focus {{ border-color: {accent}; }}
QAbstractSpinBox:disabled {{ color: {faint}; }}
QPushButton:checked {{ background: {accent_soft}; color: {accent}; }}

QLineEdit {{ background: {track}; border: 1px solid transparent; border-radius: 5px; padding: 2px 6px; placeholder-text-color: {muted}; }}
QLineEdit:focus {{ border-color: {accent}; }}

QSlider::groove:horizontal {{ background: {track}; height: 4px; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {accent}; height: 4px; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {text}; width: 12px; margin: -4px 0; border-radius: 6px; }}
QSlider::handle:horizontal:disabled {{ background: {faint}; }}
QSlider::sub-page:horizontal:disabled {{ background: {faint}; }}
QSlider::handle:horizontal:focus {{ background: {accent}; }}

QListWidget, QTableView {{ background: {panel}; border: none; outline: none; }}
QTableView {{ gridline-color: transparent; selection-background-color: {accent_soft}; selection-color: {text}; }}
QTableView::item {{ padding: 0px 6px; border: none; }}
QTableView::item:hover {{ background: {hover}; }}
QTableView::item:selected {{ background: {accent_soft}; color: {text}; }}
QTableView::indicator {{ width: 12px; height: 12px; border: 1px solid {faint}; border-radius: 3px; }}
QTableView::indicator:checked {{ background: {accent}; border-color: {accent}; image: url({check}); }}
QSplitter::handle {{ background: {window}; image: none; }}
QSplitter::handle:hover {{ background: {accent_soft}; }}
QHeaderView, QTableCornerButton::section {{ background: {panel}; border: none; }}
QHeaderView::section {{ background: {panel}; color: {muted}; border: none; border-bottom: 1px solid {border}; padding: 3px 4px; }}

QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {hover}; border-radius: 4px; min-height: 28px; min-width: 28px; margin: 1px; }}
QScrollBar::handle:hover {{ background: {faint}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}

QTabWidget::pane {{ border: none; }}
QTabBar {{ background: {window}; }}
QTabBar::tab {{ background: transparent; color: {muted}; padding: 6px 14px; border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {text}; border-bottom-color: {accent}; }}
QTabBar::tab:hover {{ color: {text}; }}

QToolTip {{ background: {raised}; color: {text}; border: 1px solid {border}; padding: 5px 7px; }}
QFrame#Toast {{ background: {raised}; border: 1px solid {border}; border-left: 4px solid {accent}; border-radius: 7px; }}
QFrame#Overlay {{ background: {raised}; border: 1px solid {border}; border-radius: 10px; }}
QFrame#Overlay QLabel {{ background: transparent; }}
QLineEdit#PaletteField {{ background: transparent; border: none; border-bottom: 1px solid {border}; border-radius: 0; }}
QLineEdit#PaletteField {{ padding: 7px 10px; font-size: 12pt; }}
QListWidget#PaletteList {{ background: transparent; }}
QFrame#Question {{ background: {raised}; border: none; border-left: 4px solid {accent}; border-bottom: 1px solid {border}; }}
QFrame#Question QLabel {{ background: transparent; }}
QPlainTextEdit#BoardLog {{ background: {panel}; color: {muted}; border: none; padding: 0 8px; }}
QLabel#Badge {{ border-radius: 8px; padding: 2px 9px; background: {track}; color: {muted}; }}
QLabel#Badge[meaning="good"] {{ background: {accent_soft}; color: {accent}; }}
QLabel#Badge[meaning="bad"] {{ background: {error}; color: {panel}; }}
QListWidget#Quiet::item {{ height: 24px; padding: 0 12px; }}
QListWidget#Quiet::item:selected {{ background: {accent_soft}; color: {text}; }}
QListWidget::indicator {{ width: 12px; height: 12px; border: 1px solid {faint}; border-radius: 3px; }}
QListWidget::indicator:checked {{ background: {accent}; border-color: {accent}; image: url({check}); }}
QFrame#Toast[kind="error"] {{ border-left-color: {error}; }}
"""


def stylesheet(theme: "Theme") -> str:
    """Return the Qt style sheet of a theme."""
    check = (assets_dir() / "check.svg").as_posix()
    return _SHEET.format(check=check, **{name: value for name, value in vars(theme).items() if isinstance(value, str)})
