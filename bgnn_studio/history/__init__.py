"""Run history: every measurement with its samples and conditions, in one SQLite file.

`History` opens the file anew for each call, so that it may be shared between threads, windows and processes. Record a run with
`History().add(Run(Conditions(...), samples_ns, ...))`; list with `entries(Filter(...))`, read one whole with `get`.
"""

from bgnn_studio.history.filter import Filter
from bgnn_studio.history.runs import BADGES, ENGINES, KINDS, Conditions, Entry, LayerRecord, Record, Run, StepRecord, Summary
from bgnn_studio.history.store import History, default_path

__all__ = [
    "BADGES",
    "ENGINES",
    "KINDS",
    "Conditions",
    "Entry",
    "Filter",
    "History",
    "LayerRecord",
    "Record",
    "Run",
    "StepRecord",
    "Summary",
    "default_path",
]
