"""What a report of a problem needs: versions, machine, screens, and the end of the log; nothing from the user's files."""

import platform
from pathlib import Path

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

from bgnn_studio import __version__
from bgnn_studio.core.machine import cores, cpu_name
from bgnn_studio.core.packages import package_versions
from bgnn_studio.native import isa, isas, version
from bgnn_studio.ui.log import last_crash, last_lines

LOG_LINES = 80


def diagnostics(logs: Path | None) -> str:
    """Return the report as text; `logs` is the folder of the log file.

    The name of the home folder, which is often a person's, is written as ``~``.
    """
    screens = ", ".join(f"{s.size().width()}x{s.size().height()} at {s.devicePixelRatio():g}" for s in QGuiApplication.screens())
    facts = {
        "bgnn-studio": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": f"{cpu_name()}, {cores()} cores",
        "engine": f"{version()}, {isa()} of {', '.join(isas())}",
        "qt": f"{qVersion()} on {QGuiApplication.platformName()}",
        "screens": screens,
        **{name: found or "missing" for name, found in package_versions().items()},
    }
    lines = [f"{name}: {value}" for name, value in facts.items()]
    if logs is not None:
        lines += ["", f"Last lines of {logs}:", *last_lines(logs, LOG_LINES)]
        lines += ["", "Last crash in native code:", *crash] if (crash := last_crash(logs)) else []
    return "\n".join(lines).replace(str(Path.home()), "~")
