"""What the machine offers: system libraries, a display."""

import ctypes
import os
import sys
from dataclasses import dataclass

from bgnn_studio.errors import BgnnError

# Library to Debian package, as in setup.sh; the first three are enough to draw without a window.
DRAWING = {"libGL.so.1": "libgl1", "libEGL.so.1": "libegl1", "libfontconfig.so.1": "libfontconfig1"}
WINDOW = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}


@dataclass(frozen=True)
class Missing:
    """System libraries that are not there, and the one command that brings them on Debian and Ubuntu (empty: none is)."""

    libraries: tuple[str, ...]
    command: str


def missing_libraries(*, drawing_only: bool = False) -> Missing:
    """Look for the system libraries that drawing (and the window) load; only Linux needs any."""
    if not sys.platform.startswith("linux"):
        return Missing((), "")
    needed = DRAWING if drawing_only else DRAWING | WINDOW
    absent = tuple(name for name in needed if not _loads(name))
    command = "sudo apt-get install -y --no-install-recommends " + " ".join(needed[name] for name in absent)
    return Missing(absent, command if absent else "")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def display() -> str | None:
    """Return the display that a window would open on, or None.

    Qt ends the whole process when the X server of ``DISPLAY`` does not answer, so it is asked here first.
    """
    if not sys.platform.startswith("linux"):
        return sys.platform
    platform = os.environ.get("QT_QPA_PLATFORM")
    if platform and platform.partition(":")[0] not in ("xcb", "wayland"):
        return platform
    if os.environ.get("WAYLAND_DISPLAY"):
        return os.environ["WAYLAND_DISPLAY"]
    name = os.environ.get("DISPLAY")
    return name if name and _answers() else None


def _answers() -> bool:
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return False
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return not failed


def require_display() -> None:
    """Raise `BgnnError` with what to do unless a window can open."""
    missing = missing_libraries()
    if missing.command:
        raise BgnnError(f"The window needs {', '.join(missing.libraries)}. Run: {missing.command}")
    if display() is None:
        where = f"DISPLAY={os.environ['DISPLAY']} does not answer" if os.environ.get("DISPLAY") else "DISPLAY is not set"
        raise BgnnError(f"No display to open the window on ({where}). Start it in a desktop session; 'infer' and 'render' need none.")


def use_offscreen_drawing() -> None:
    """Let VTK draw through EGL where there is no display; must run before VTK draws. Raises `BgnnError` without libEGL."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    missing = missing_libraries(drawing_only=True)
    if missing.command:
        raise BgnnError(f"Drawing needs {', '.join(missing.libraries)}. Run: {missing.command}")
