"""One run on a board: its median first, what the figures are worth, where the time and the memory went."""

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from bgnn_studio.boards.messages import Heartbeat, typed
from bgnn_studio.boards.over_time import drift
from bgnn_studio.core.timing import LayerTime
from bgnn_studio.core.units import ms_text, size_text
from bgnn_studio.history.runs import summarise
from bgnn_studio.ui.panels.boards.layer_table import LayerTable
from bgnn_studio.ui.panels.boards.strips import Strips
from bgnn_studio.ui.panels.latency_layers import layer_bars
from bgnn_studio.ui.widgets.badge import Badge
from bgnn_studio.ui.widgets.bars import Bars
from bgnn_studio.ui.widgets.labels import INDENT, caption, headline, hint

if TYPE_CHECKING:
    from bgnn_studio.history import Run
    from bgnn_studio.ui.theme import Theme

_DOT = "  \N{MIDDLE DOT}  "
_EMPTY = "Choose a board, check models and press Profile: the time of each layer there appears here, with proof that it computes the same."
_STOPPED = {
    "settled": "the median was known to 1 %",
    "max_runs": "all passes were done",
    "max_seconds": "the time was over",
    "soak": "the soak was over",
}


class ResultPanel(QWidget):
    """Headline with badges, figures, bars and table of layers, memory; or what to do to fill it.

    Attributes
    ----------
    run : history.Run or None
        What is shown.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run: Run | None = None
        self.title, self.median = headline(), QLabel()
        self.median.setObjectName("Answer")
        self.median.setIndent(INDENT)
        self.badge, self.equal, self.held_back = Badge("How the times were taken"), Badge("Outputs"), Badge("Throttling")
        self.figures, self.memory, self.start, self.conditions = caption(""), caption(""), caption(""), caption("")
        self.counted = caption("")
        for label in (self.title, self.figures, self.memory, self.counted, self.start, self.conditions):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.bars = Bars("Time of each layer on the board")
        self.table, self.strips = LayerTable(), Strips()
        self.hint = hint(_EMPTY)
        badges = QHBoxLayout()
        badges.setContentsMargins(INDENT, 0, 8, 4)
        badges.setSpacing(6)
        for badge in (self.equal, self.badge, self.held_back):
            badges.addWidget(badge)
        badges.addStretch(1)
        self._shown = QWidget()
        column = QVBoxLayout(self._shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        for widget in (self.title, self.median, self.figures):
            column.addWidget(widget)
        column.addLayout(badges)
        table = QHBoxLayout()
        table.setContentsMargins(6, 6, 6, 8)
        table.addWidget(self.table)
        column.addWidget(self.strips)
        column.addWidget(self.bars)
        column.addLayout(table)
        for label in (self.memory, self.counted, self.start, self.conditions):
            column.addWidget(label)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 8, 0, 8)
        outer.addWidget(self._shown)
        outer.addWidget(self.hint)
        self.show_run(None, "")

    def apply_theme(self, theme: "Theme") -> None:
        """Take the colours of a theme."""
        self.bars.apply_theme(theme)
        self.strips.apply_theme(theme)

    def show_run(self, run: "Run | None", board: str) -> None:
        """Show a run of a board, or nothing."""
        self.run = run
        self._shown.setVisible(run is not None)
        self.hint.setVisible(run is None)
        if run is not None:
            self._show_times(run, board)
            self._show_badges(run, board)
            self._show_soak(run)
            self._show_layers(run)
            self._show_memory(run.details)
            self._show_counted(run)

    def show_here(self, here: "Run | None") -> None:
        """Put the layers of a run on this machine beside those that are shown."""
        if self.run is not None:
            self.table.set_layers(self.run.layers, () if here is None else here.layers, self.run.conditions.isa)

    def _show_times(self, run: "Run", board: str) -> None:
        c, s, d = run.conditions, summarise(run.samples_ns), run.details
        self.title.setText(f"{c.model_name} on {board}{_DOT}{c.time.astimezone():%d %b %H:%M}")
        interval = "" if s.interval_ns is None else "  ({} to {}, 95 %)".format(*(ms_text(ns / 1e6) for ns in s.interval_ns))
        self.median.setText(f"{ms_text(s.p50_ns / 1e6)} ms")
        passes = d.get("passes", s.n)
        stopped = _STOPPED.get(d["stopped_by"], d["stopped_by"])
        tip = f"{c.badge.capitalize()} on the board: median of {passes:,} passes; stopped because {stopped}"
        self.median.setToolTip(tip)
        std = float(run.samples_ns.std())
        times = (("min", s.min_ns), ("p90", s.p90_ns), ("p99", s.p99_ns), ("std", std))
        self.figures.setText(f"median of {passes:,} passes{interval}\n" + "   ".join(f"{name} {ms_text(ns / 1e6)}" for name, ns in times))
        self.figures.setToolTip(
            f"Milliseconds, {c.badge} on the board: nine passes of ten, and 99 of 100, were faster than p90 and p99;\n"
            "std is their standard deviation"
        )
        cool = d.get("cool")
        paused = "" if not cool else f"{_DOT}paused {cool['seconds']:.0f} s"
        paused += "" if not cool or cool["celsius"] is None else f", began at {cool['celsius']:.1f} \N{DEGREE SIGN}C"
        self.start.setText(f"Start   open {ms_text(d['open_ns'] / 1e6)} ms{_DOT}first pass {ms_text(d['first_ns'] / 1e6)} ms, cold{paused}")
        self.start.setToolTip("Open reads and prepares the model file. Neither is among the passes.")
        settings = d["settings"]
        words = [f"{c.cloud}, N = {c.points:,}, k = {c.k}", f"{c.threads} thread{'s' * (c.threads > 1)}", c.isa]
        words += [f"CPUs {settings['cpus']}"] if settings["cpus"] else []
        words += [" ".join(settings["prefix"])] if settings["prefix"] else []
        self.conditions.setText("Run   " + _DOT.join(words))
        self.conditions.setToolTip(f"The conditions of this run; runner for {d['architecture']}, model sha256 {c.model_sha256[:16]}")

    def _show_badges(self, run: "Run", board: str) -> None:
        c, d = run.conditions, run.details
        sums = f"Checksum over every graph, bit and logit: {run.checksum} on {board}, {d['checksum_here']} on this machine"
        if d["equal"]:
            self.equal.give("outputs equal", "good", sums)
        else:
            self.equal.give("outputs differ", "bad", f"{sums}.\nDo not trust its times; report it.")
        if c.badge == "measured":
            self.badge.give("measured", "good", "Times of a real processor")
        else:
            self.badge.give(c.badge, "plain", "Times of an emulator: they say nothing of a real processor; how models compare is a hint")
        held, reasons = d["throttling"]["state"], "; ".join(d["throttling"]["reasons"])
        if held == "none":
            self.held_back.give("not held back", "good", "Neither the firmware's flags nor the clock say that the board was held back")
        elif held == "throttled":
            self.held_back.give("held back", "bad", f"While it measured: {reasons}. Cool it or power it better, and profile again.")
        else:
            self.held_back.give("no sensor", "plain", "The board tells neither its clock nor flags: whether it was held back is unknown")

    def _show_soak(self, run: "Run") -> None:
        """Draw a soak over its time."""
        soak = run.details["stopped_by"] == "soak"
        self.strips.setVisible(soak)
        if soak:
            beats = [typed(Heartbeat, beat) for beat in run.details["heartbeats"]]
            self.strips.show_beats(beats, run.machine_facts["affinity"])
            share = drift(run.samples_ns)
            if share is not None:
                self.figures.setText(f"{self.figures.text()}   drift {share:.2f}")
                self.figures.setToolTip(
                    f"{self.figures.toolTip()}.\nDrift: the median of the last tenth of the soak over that of the first"
                )

    def _show_counted(self, run: "Run") -> None:
        absent = run.details.get("instructions_absent") or "this run did not ask"
        text = f"not counted: {absent}" if run.instructions is None else f"{run.instructions:,} a pass on one thread"
        self.counted.setText(f"Instructions   {text}")
        self.counted.setToolTip("User code of one more pass after the measurement, on one thread, as the processor's counter has it")

    def _show_layers(self, run: "Run") -> None:
        layers = [LayerTime(one.name, one.p50_ns / 1e6, {step.name: step.p50_ns / 1e6 for step in one.steps}) for one in run.layers]
        bars, legend = layer_bars(layers)
        self.bars.set_bars(bars, legend=legend)
        self.table.set_layers(run.layers, isa=run.conditions.isa)

    def _show_memory(self, details: "dict[str, Any]") -> None:
        sizes = details["memory_bytes"]
        peak = "unknown" if sizes["peak_rss"] is None else size_text(sizes["peak_rss"])
        words = [f"peak {peak}", f"model {size_text(sizes['model'])}", f"scratch {size_text(sizes['arena'])}"]
        self.memory.setText("Memory   " + _DOT.join(words))
        self.memory.setToolTip(
            f"On the board. Peak: resident memory of the whole runner (under an emulator, the emulator's). Model: the file "
            f"({size_text(sizes['file'])}) and what opening prepared ({size_text(sizes['prepared'])}). Scratch: what a pass works in."
        )
