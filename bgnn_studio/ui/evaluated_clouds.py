"""Clouds of a labelled set, opened for a closer look at what a model made of them."""

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from bgnn_studio.core.clouds import Cloud
from bgnn_studio.core.evaluation import LabelledSet
from bgnn_studio.core.opened import OpenCloud
from bgnn_studio.core.preparation import DEFAULT, RAW
from bgnn_studio.errors import BgnnError

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session
    from bgnn_studio.native import Model
    from bgnn_studio.ui.toasts import Toasts
    from bgnn_studio.ui.workers import Jobs


class EvaluatedClouds(QObject):
    """Opens them into the session, each once, exactly as they ran.

    Signals
    -------
    inspected
        A cloud and a model are selected.
    """

    inspected = Signal()

    def __init__(self, session: "Session[Model]", jobs: "Jobs", toasts: "Toasts", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._toasts = session, jobs, toasts
        self._opened: dict[tuple[str, str | None, str], OpenCloud] = {}

    def open(self, data: LabelledSet, i: int, model: "Model") -> None:
        """Add cloud `i` of a set to the session unless it is there, and select it and the model."""
        key = (data.name, data.split, data.clouds[i])
        there = self._opened.get(key)
        if there in self._session.clouds:
            self._select(there, model)
            return
        models = self._session.models

        def load(_cancelled: Event) -> OpenCloud:
            opened = _open(data, i)
            for other in models:
                opened.for_model(other, "model")  # so that selecting it does not wait
            return opened

        def done(opened: OpenCloud) -> None:
            self._opened[key] = opened
            with self._session.step(f"open {opened.cloud.name}"):
                self._session.add_cloud(opened)
                self._select(opened, model)

        self._jobs.start(f"Opening {data.clouds[i]}", load, done=done, failed=self._fail, key="evaluated cloud")

    def _select(self, cloud: OpenCloud, model: "Model") -> None:
        try:
            self._session.select_cloud(cloud)
            if model in self._session.models:
                self._session.select_model(model)
        except BgnnError as error:
            self._fail(error)
        self.inspected.emit()

    def _fail(self, error: Exception) -> None:
        self._toasts.error("Not opened", error)


def _open(data: LabelledSet, i: int) -> OpenCloud:
    """Return a cloud named after its file, or after its class, split and number."""
    points, path = data.load(i), data.path(i)
    name = (
        Path(data.clouds[i]).stem if path else f"{data.classes[data.labels[i]]}, {data.split or ''} {data.clouds[i]}".replace(",  ", ", ")
    )
    cloud = Cloud(name, points, path)
    return OpenCloud(cloud, RAW if data.prepared else DEFAULT)
