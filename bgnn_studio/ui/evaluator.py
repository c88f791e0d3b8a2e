"""Evaluations that the window runs: on which clouds, of which models, one after another, and what came out."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal

from bgnn_studio.core.evaluation import Evaluation, LabelledSet, evaluate, other_classes
from bgnn_studio.core.evaluation_report import EvaluationReport
from bgnn_studio.errors import ModelFileError
from bgnn_studio.io.datasets import DEFAULT_SPLIT, splits_of
from bgnn_studio.native import Model
from bgnn_studio.ui.desk import THREADS
from bgnn_studio.ui.labelled_sets import SHAPES, SHAPES_SPLITS, Choice, LabelledSets, read_split
from bgnn_studio.ui.workers import Job, Jobs, Progress, telling

if TYPE_CHECKING:
    from bgnn_studio.core.session import Session

_KEY = "evaluation"
_NAMED = 4  # classes in the line below the strip; the middle of the tab has them all


class Evaluator(QObject):
    """Runs evaluations and keeps what they gave, by the digest of the model file and the clouds chosen, until the window closes.

    Attributes
    ----------
    choice : Choice
    splits : tuple of str
        Of the set chosen, as far as they are known.
    running : Model or None
        The model that is being evaluated.
    busy : bool
        A set is being read, or a model evaluated.
    progress : Progress
        Of what is being done.
    problem, note : str
        Why the last run ended early: an error, or the user.

    Signals
    -------
    changed
        Any of this, or a result, is another now.
    """

    changed = Signal()

    def __init__(self, session: "Session[Model]", jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self.choice = Choice()
        self.splits: tuple[str, ...] = SHAPES_SPLITS
        self.running: Model | None = None
        self.progress = Progress()
        self.problem = self.note = ""
        self._job: Job | None = None
        self._queue: list[Model] = []
        self._parts = 0  # models of this run, the finished ones too
        self._sets = LabelledSets()
        self._digests: WeakKeyDictionary[Model, str] = WeakKeyDictionary()
        self._found: dict[tuple[str, Choice], Evaluation] = {}
        jobs.changed.connect(self._watch)
        session.subscribe(self._follow)

    @property
    def busy(self) -> bool:
        """Whether a set is being read or a model evaluated."""
        return self._job is not None

    @property
    def whole(self) -> LabelledSet | None:
        """The split chosen, once it is read."""
        return self._sets.whole(self.choice)

    @property
    def clouds(self) -> LabelledSet | None:
        """The clouds chosen, as they come from their files, once the set is read."""
        return self._sets.clouds(self.choice)

    @property
    def results(self) -> list[tuple[Model, Evaluation]]:
        """What is known of the open models on the clouds chosen, in the order of the models."""
        return [(model, found) for model in self._session.models if (found := self.result(model)) is not None]

    @property
    def report(self) -> EvaluationReport | None:
        """All results on the clouds chosen, or None while there is none."""
        clouds, whole = self.clouds, self.whole
        rows = [replace(found, model=model) for model, found in self.results]  # the file that is open now, of the same bytes
        return EvaluationReport(rows, clouds, len(whole.labels), THREADS) if rows and clouds and whole else None

    def result(self, model: Model) -> Evaluation | None:
        """Return what is known of a model on the clouds chosen."""
        return self._found.get((self._digests.get(model, ""), self.choice))

    def refusal(self, model: Model, most: int | None = None) -> str | None:
        """Say which classes keep a model from being evaluated on the set, once the set is read; `most` of them, or all."""
        return None if self.whole is None else other_classes(model, self.whole, most)

    def choose_data(self, data: str) -> None:
        """Choose another set, ``shapes`` or a path; a path that is chosen again is read anew, and its results are dropped."""
        self.cancel()
        if data != SHAPES:
            self._sets.forget(data)
            self._found = {key: found for key, found in self._found.items() if key[1].data != data}
        self.splits = SHAPES_SPLITS if data == SHAPES else ()
        self._choose(Choice(data, DEFAULT_SPLIT if data == SHAPES else None, self.choice.limit))
        if data != SHAPES:
            self._job = self._jobs.start(
                f"Looking into {data}", lambda _: splits_of(data), done=self._know_splits, failed=self._fail, key=_KEY
            )
            self.changed.emit()

    def choose_split(self, split: str) -> None:
        """Choose another split."""
        self._choose(replace(self.choice, split=split))

    def choose_limit(self, limit: int | None) -> None:
        """Choose how many clouds, drawn at random and always the same ones, or all of them."""
        self._choose(replace(self.choice, limit=limit))

    def run(self, models: Sequence[Model]) -> None:
        """Evaluate the models that have no result on these clouds yet, after reading the set if need be."""
        self.cancel()
        self.problem = self.note = ""
        self._queue = [model for model in models if self.result(model) is None]
        self._parts = len(self._queue)
        self.progress = Progress()
        if self.whole is None:
            self._read()
        else:
            self._next()

    def cancel(self) -> None:
        """End the run; models that are through keep their results."""
        if self._job is not None:
            self._jobs.cancel(_KEY)

    def _choose(self, choice: Choice) -> None:
        if choice != self.choice:
            self.cancel()
            self.problem = self.note = ""
            self.choice = choice
        self.changed.emit()

    def _know_splits(self, splits: tuple[str, ...]) -> None:
        self._job, self.splits = None, splits
        first = DEFAULT_SPLIT if DEFAULT_SPLIT in splits else splits[0] if splits else None
        self._choose(replace(self.choice, split=first))

    def _read(self) -> None:
        choice, progress = self.choice, self.progress

        def done(found: LabelledSet) -> None:
            self._sets.keep(choice, found)
            self.progress = Progress()
            self._next()

        label = "Making the bundled shapes" if choice.data == SHAPES else f"Reading {choice.data}"
        self._job = self._jobs.start(
            label,
            lambda cancelled: read_split(choice, telling(progress, cancelled)),
            done=done,
            failed=self._fail,
            key=_KEY,
            progress=progress,
        )
        self.changed.emit()

    def _next(self) -> None:
        """Start with the next model of the queue that fits the set."""
        refused = [model for model in self._queue if self.refusal(model) is not None]
        self._queue = [model for model in self._queue if model not in refused]
        self._parts -= len(refused)
        if refused:
            self.problem = " ".join(f"{model.name} was left out: {self.refusal(model, _NAMED)}." for model in refused)
        self.running = self._queue.pop(0) if self._queue else None
        self._job = None
        if self.running is not None:
            self._evaluate(self.running)
        self.changed.emit()

    def _evaluate(self, model: Model) -> None:
        clouds, choice, progress = self._sets.prepared(self.choice, model.spec.points), self.choice, self.progress
        number = self._parts - len(self._queue)
        count = len(clouds.labels)
        progress.tell((number - 1) * count, self._parts * count)

        known, parts = self._digests.get(model), self._parts

        def run(cancelled: Event) -> tuple[str, Evaluation]:
            told = telling(progress, cancelled)
            digest = known or _digest(model)
            found = evaluate([model], clouds, threads=THREADS, progress=lambda i, n: told((number - 1) * n + i, parts * n))
            return digest, found[0]

        def done(found: tuple[str, Evaluation]) -> None:
            self._digests[model], evaluation = found
            self._found[self._digests[model], choice] = evaluation
            self._next()

        label = f"Evaluating {model.name}" + (f" ({number} of {self._parts})" if self._parts > 1 else "")
        self._job = self._jobs.start(label, run, done=done, failed=self._fail, key=_KEY, progress=progress)

    def _fail(self, error: Exception) -> None:
        self._note_problem(error)
        self._stop()

    def _note_problem(self, error: Exception) -> None:
        self.problem = str(error)
        self.changed.emit()

    def _stop(self) -> None:
        self._job, self.running, self._queue = None, None, []
        self.changed.emit()

    def _watch(self) -> None:
        """See when the job was cancelled, here or in the status bar."""
        if self._job is not None and self._job.cancelled.is_set():
            done, total, model = self.progress.done, self.progress.total, self.running
            each = total // self._parts if self._parts else 0
            if model is not None and each:
                self.note = f"Cancelled after {done % each:,} of {each:,} clouds of {model.name}: nothing of it is kept."
            else:
                self.note = "Cancelled while the set was read."
            self._stop()

    def _follow(self, changed: frozenset[str]) -> None:
        """Take the digests of new models at once: a file may be written anew while its model is open."""
        if "models" not in changed:
            return
        unknown = [model for model in self._session.models if model not in self._digests]
        if unknown:
            self._jobs.start("", lambda _: [_digest(m) for m in unknown], done=lambda d: self._know(unknown, d), failed=self._note_problem)
        self.changed.emit()

    def _know(self, models: Sequence[Model], digests: Sequence[str]) -> None:
        self._digests.update(zip(models, digests, strict=True))
        self.changed.emit()


def _digest(model: Model) -> str:
    """Return the SHA-256 of the model's file; raises `ModelFileError`."""
    assert model.path is not None  # the window opens files
    try:
        return hashlib.sha256(model.path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelFileError(f"{model.path}: could not be read ({error.strerror}). Open the model again.") from error
