"""What the Inspect tab writes to files: a picture, an orbit movie, the neighbours of the picked point."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu

from bgnn_studio.core.files import replacing
from bgnn_studio.core.saved_session import Camera
from bgnn_studio.errors import BgnnError
from bgnn_studio.ui.workers import Progress

if TYPE_CHECKING:
    from bgnn_studio.ui.main_window import MainWindow

FRAMES, SECONDS = 90, 6.0
_POLL_S = 0.1
Frame = NDArray[np.uint8]


class Saving(QObject):
    """Menu entries, dialogs and messages of what is saved; the movie is drawn frame by frame between other events."""

    _wanted = Signal(object)

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._wanted.connect(self._draw)  # emitted by a worker: arrives queued

    def fill_menu(self, menu: QMenu) -> None:
        """Add what can be saved to a menu."""
        picture = QAction("Save &picture\N{HORIZONTAL ELLIPSIS}", menu)
        picture.setShortcut(QKeySequence("Ctrl+P"))
        movie = QAction("Save orbit &movie\N{HORIZONTAL ELLIPSIS}", menu)
        table = self._window.inspect.neighbours.export
        for action, title, name, kinds, save in (
            (picture, "Save picture of the 3D view", "bgnn-studio.png", "PNG (*.png)", self.picture),
            (movie, "Save a turn around the cloud", "bgnn-studio.webp", "WebP (*.webp);;GIF (*.gif)", self.movie),
            (table, "Export the neighbours of the picked point", "neighbours.csv", "CSV (*.csv)", self.table),
        ):
            action.triggered.connect(partial(self._ask, title, name, kinds, save))
            menu.addAction(action)

    def picture(self, path: Path) -> None:
        """Write the 3D view as a PNG, and say so."""
        if (viewport := self._window.inspect.viewport) is None:
            return
        try:
            viewport.screenshot(path)
        except OSError as error:
            self._refuse("Picture not saved", f"{path}: could not be written ({error.strerror}). Choose another place.")
        else:
            self._window.toasts.info("Picture saved", str(path))

    def table(self, path: Path) -> None:
        """Write the neighbours of the picked point as CSV, and say so."""
        try:
            with replacing(path) as file:
                file.write(self._window.inspect.neighbours.csv().encode())
        except OSError as error:
            self._refuse("Neighbours not exported", f"{path}: could not be written ({error}). Choose another place.")
        else:
            self._window.toasts.info("Neighbours exported", str(path))

    def movie(self, path: Path, frames: int = FRAMES) -> None:
        """Turn the camera once around the cloud and write what it sees as WebP or GIF; the view comes back where it was."""
        from bgnn_studio.scene.orbit import movie_format, turned, write_movie

        viewport, progress = self._window.inspect.viewport, Progress()
        if viewport is None or (start := viewport.camera) is None:
            self._window.toasts.info("Nothing to film", "Open a point cloud first.")
            return
        try:
            movie_format(path)
        except BgnnError as error:
            self._window.toasts.error("Movie not saved", error)
            return
        up = viewport.scene.up

        def film(cancelled: Event) -> None:
            taken: list[Frame] = []
            answers: SimpleQueue[Frame] = SimpleQueue()
            for i in range(frames + 1):  # the last one only brings the camera back
                self._wanted.emit((turned(start, 360 * i / frames, up) if i < frames else start, answers))
                while len(taken) <= i and not cancelled.is_set():
                    try:
                        taken.append(answers.get(timeout=_POLL_S))
                    except Empty:
                        continue
                if cancelled.is_set():
                    self._wanted.emit((start, answers))
                    return
                progress.tell(i, frames)
            try:
                write_movie(path, taken[:frames], SECONDS)
            except OSError as error:
                raise BgnnError(f"{path}: could not be written ({error.strerror}). Choose another place.") from error

        self._window.jobs.start(
            "Filming a turn around the cloud",
            film,
            done=lambda _: self._window.toasts.info("Movie saved", str(path)),
            failed=lambda error: self._window.toasts.error("Movie not saved", error),
            key="movie",
            progress=progress,
        )

    def _draw(self, request: tuple[Camera, "SimpleQueue[Frame]"]) -> None:
        camera, answers = request
        if (viewport := self._window.inspect.viewport) is not None:
            viewport.camera = camera
            answers.put(viewport.scene.screenshot())

    def _ask(self, title: str, name: str, kinds: str, save: Callable[[Path], object], _checked: bool = False) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self._window, title, name, kinds)
        if chosen:
            save(Path(chosen))

    def _refuse(self, title: str, message: str) -> None:
        self._window.toasts.error(title, BgnnError(message))
