"""Stored runs beside each other in the Boards tab: models, numbers of threads, boards."""

from dataclasses import replace

import numpy as np
from pytestqt.qtbot import QtBot

from bgnn_studio.history import Entry
from bgnn_studio.history.runs import summarise
from bgnn_studio.ui.board_book import THIS_MACHINE
from bgnn_studio.ui.panels.boards.compared import ComparedPanel
from tests.history.make_run import make_run


def entry(identity: int, ms: float, instructions: int | None = None, **changes: object) -> Entry:
    """Return a run on a board, of 10 equal samples."""
    same = {"kind": "board", "machine": "pi@board", "badge": "emulated", "variant": "bf2", "model_sha256": f"{changes['model_name']}"}
    conditions = replace(make_run().conditions, **same | {"threads": 1} | changes)
    return Entry(identity, conditions, summarise(np.full(10, round(ms * 1e6))), None, frozenset(), "", instructions)


def shown(panel: ComparedPanel, entries: list[Entry], which: Entry, **details: object) -> None:
    run = replace(make_run(), conditions=which.conditions, details=details)
    panel.show_runs(entries, run)


FLOAT = {"model_name": "dgcnn", "variant": "dgcnn"}


def test_models_relative_to_the_float_network(qtbot: QtBot) -> None:
    panel = ComparedPanel()
    qtbot.addWidget(panel)
    entries = [
        entry(5, 1.0, 2_000_000, model_name="bf2"),
        entry(4, 9.0, 9_000_000, model_name="bf2"),  # an older run of the same model
        entry(3, 4.0, 8_000_000, **FLOAT),
        entry(2, 3.0, None, model_name="bfr"),  # of before instructions were counted
        entry(1, 0.1, 1, model_name="bf1", badge="measured"),
    ]
    shown(panel, entries, entries[0])
    assert [(bar.label, bar.figure.split()[-1]) for bar in panel.times.bars.bars] == [("dgcnn", "1.00"), ("bfr", "0.75"), ("bf2", "0.25")]
    assert [(bar.label, bar.figure) for bar in panel.counts.bars.bars] == [("dgcnn", "8 M   1.00"), ("bf2", "2 M   0.25")]
    for view in (panel.times, panel.counts):
        assert "dgcnn (float) = 1" in view.caption.text()
        assert "emulated" in view.caption.text()
    shown(panel, entries[3:], entries[3], instructions_absent="the kernel has no counters")
    assert panel.counts.hint.text() == "Not counted: the kernel has no counters."
    assert panel.counts.bars.bars == ()
    assert "Profile a float network" in panel.times.hint.text()
    panel.show_runs(entries, None)
    assert panel.times.bars.bars == ()


def test_threads_and_boards(qtbot: QtBot) -> None:
    panel = ComparedPanel()
    qtbot.addWidget(panel)
    here = {"machine": THIS_MACHINE.machine, "badge": "measured"}
    entries = [
        entry(6, 8.0, model_name="bf2"),
        entry(5, 4.0, model_name="bf2", threads=2),
        entry(4, 9.0, model_name="bf2"),
        entry(3, 7.0, model_name="bfr"),
        entry(2, 3.0, model_name="bf2", threads=2, **here),
        entry(1, 2.0, model_name="bf2", **here),
    ]
    shown(panel, entries, entries[0])
    assert panel.sweep.lines == {"bf2": [(1, 8e6), (2, 4e6)]}
    assert "bf2&nbsp;2.00" in panel.sweep.caption.text()
    figures = [bars.bars[0].figure.split() for bars in panel.machines.bars]
    assert [(figure[0], figure[-1]) for figure in figures] == [("2.00", "1.00"), ("8.00", "4.00")]  # those with one thread
    assert "this machine = 1" in panel.machines.caption.text()
    shown(panel, entries[3:4], entries[3])
    assert panel.sweep.lines == {}
    assert not panel.machines.hint.isHidden()
