"""`bgnn-studio doctor`: versions, instruction sets, drawing, display, and what is missing with the command that brings it."""

import argparse
import json
import os
import platform
import subprocess
import sys
from typing import Any

from bgnn_studio import __version__
from bgnn_studio.commands.system import display, missing_libraries
from bgnn_studio.commands.text import table
from bgnn_studio.core.machine import cores, cpu_name
from bgnn_studio.core.packages import package_versions
from bgnn_studio.errors import BgnnError

PROBE_SECONDS = 60


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument("--json", action="store_true", help="write JSON")


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    report = examine()
    print(as_json(report) if options.json else as_text(report))
    return 1 if report["problems"] else 0


def examine() -> dict[str, Any]:
    """Return what there is, and under ``problems`` what to do about what there is not."""
    report: dict[str, Any] = {
        "bgnn-studio": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpu": cpu_name(),
        "cores": cores(),
        "packages": package_versions(),
        "native": _native(),
        "drawing": _drawing(),
        "display": display(),
    }
    missing = missing_libraries()
    report["missing_libraries"] = list(missing.libraries)
    problems = [f"System libraries are missing. Run: {missing.command}"] if missing.command else []
    problems += [f"{name} is not installed. Run 'pip install bgnn-studio' again." for name, v in report["packages"].items() if v is None]
    problems += [part["error"] for part in (report["native"], report["drawing"]) if "error" in part]
    report["problems"] = problems
    return report


def as_json(report: dict[str, Any]) -> str:
    """Write a report for programs."""
    return json.dumps(report, indent=2)


def as_text(report: dict[str, Any]) -> str:
    """Write a report for people, what to do at the end."""
    native, drawing = report["native"], report["drawing"]
    rows = [[key, str(report[key])] for key in ("bgnn-studio", "python", "system", "cpu", "cores")]
    rows += [[name, found or "missing"] for name, found in report["packages"].items()]
    rows.append(["native library", native.get("version", "unusable")])
    if "isas" in native:
        rows.append(["instruction sets", ", ".join(f"{i} (in use)" if i == native["isa"] else i for i in native["isas"])])
    rows.append(["BGNN_ISA", native["BGNN_ISA"] or "not set"])
    rows.append(["drawing", drawing.get("renderer", "does not work")])
    rows.append(["display", report["display"] or "none: the window cannot open here, every other command works"])
    rows.append(["missing libraries", ", ".join(report["missing_libraries"]) or "none"])
    advice = [f"- {problem}" for problem in report["problems"]] or ["All is well."]
    return "\n".join([table(rows), "", *advice])


def _native() -> dict[str, Any]:
    found: dict[str, Any] = {"BGNN_ISA": os.environ.get("BGNN_ISA")}
    try:
        from bgnn_studio import native

        found |= {"version": native.version(), "isas": native.isas(), "isa": None}
        found["isa"] = native.isa()
    except BgnnError as error:
        found["error"] = str(error)
    return found


def _drawing() -> dict[str, str]:
    """Draw off screen in a process of its own: without a working GL, VTK ends the process."""
    try:
        probe = subprocess.run(
            [sys.executable, "-m", "bgnn_studio.scene.probe"], capture_output=True, text=True, timeout=PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return {"error": f"Drawing off screen took more than {PROBE_SECONDS} s. Check the graphics driver."}
    if probe.returncode == 0:
        return {"renderer": probe.stdout.strip()}
    reason = (probe.stderr.strip().splitlines() or [f"the process ended with code {probe.returncode}"])[-1]
    return {"error": f"Drawing off screen does not work ({reason}). Install libegl1 and libgl1, or a graphics driver."}
