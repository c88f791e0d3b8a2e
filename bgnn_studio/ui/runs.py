"""Stored runs in the window: listed, tagged, compared, exported and deleted off the GUI thread."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from bgnn_studio.core.files import replacing
from bgnn_studio.errors import BgnnError
from bgnn_studio.history import History
from bgnn_studio.history.comparison import compare
from bgnn_studio.history.export import as_csv, as_json, as_markdown

if TYPE_CHECKING:
    from bgnn_studio.history import Entry, Filter
    from bgnn_studio.history.comparison import Comparison
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Jobs


class Runs(QObject):
    """The runs that a filter leaves, kept up with what is done to them here.

    Attributes
    ----------
    entries : tuple of Entry
        The newest first.

    Signals
    -------
    changed
        `entries` are others now.
    """

    changed = Signal()

    def __init__(self, jobs: "Jobs", toasts: "Toasts", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._toasts = jobs, toasts
        self._key = f"runs {id(self):x}"  # lists of different filters are read side by side
        self.history = History()
        self.entries: tuple[Entry, ...] = ()
        self._filter: Callable[[], Filter] | None = None

    def load(self, find: "Callable[[], Filter]") -> None:
        """List the runs that a filter leaves; `find` gives it, off the GUI thread."""
        self._filter = find
        read = lambda _: self.history.entries(find())  # noqa: E731
        self._jobs.start("Reading the run history", read, done=self._show, failed=self._failed, key=self._key)

    def reload(self) -> None:
        """List them again."""
        if self._filter is not None:
            self.load(self._filter)

    def clear(self) -> None:
        """List nothing."""
        self._jobs.cancel(self._key)
        self._filter = None
        self._show(())

    def set_tags(self, entry: "Entry", tags: Iterable[str]) -> None:
        """Give a run these tags and no others."""
        wanted = frozenset(tags)
        more, less = wanted - entry.tags, entry.tags - wanted

        def change() -> None:
            if more:
                self.history.tag([entry.id], more)
            if less:
                self.history.untag([entry.id], less)

        self._change("Tagging a run", change)

    def delete(self, identities: Iterable[int]) -> None:
        """Delete runs, and say so."""
        wanted = list(identities)
        named = f"run{'s' * (len(wanted) > 1)} {', '.join(map(str, wanted))}"
        self._change(f"Deleting {named}", lambda: self.history.delete(wanted), f"Deleted {named}")

    def compare(self, a: int, b: int, done: "Callable[[Comparison], None]") -> None:
        """Compare run b with run a."""
        self._jobs.start(
            "Comparing two runs",
            lambda _: compare(self.history.get(a), self.history.get(b)),
            done=done,
            failed=lambda error: self._toasts.error("Not compared", error),
            key="compare-runs",
        )

    def export(self, path: Path, entries: "Iterable[Entry] | None" = None) -> None:
        """Write runs, all that are listed unless given, as JSON (every sample), CSV or Markdown, by the file's suffix."""
        identities = [entry.id for entry in (self.entries if entries is None else entries)]

        def write() -> None:
            records = [self.history.get(identity) for identity in identities]
            entries = [record.entry for record in records]
            forms = {".json": lambda: as_json(records), ".csv": lambda: as_csv(entries), ".md": lambda: as_markdown(entries)}
            if path.suffix.lower() not in forms:
                raise BgnnError(f"{path}: expected a name ending in .json, .csv or .md. Choose another one.")
            try:
                with replacing(path) as file:
                    file.write(forms[path.suffix.lower()]().encode())
            except OSError as error:
                raise BgnnError(f"{path}: could not be written ({error.strerror}). Choose another place.") from error

        self._jobs.start(
            "Exporting runs",
            lambda _: write(),
            done=lambda _: self._toasts.info("Runs exported", str(path)),
            failed=lambda error: self._toasts.error("Runs not exported", error),
        )

    def _change(self, label: str, change: Callable[[], None], said: str = "") -> None:
        """Change the history, and list the runs again; several changes all take place."""

        def done(_: object) -> None:
            if said:
                self._toasts.info(said)
            self.reload()

        self._jobs.start(label, lambda _: change(), done=done, failed=self._failed)

    def _failed(self, error: Exception) -> None:
        self._toasts.error("Run history", error)
        self._show(())

    def _show(self, entries: "Iterable[Entry]") -> None:
        self.entries = tuple(entries)
        self.changed.emit()
