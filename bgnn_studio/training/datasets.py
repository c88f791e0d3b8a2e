"""The clouds that a cascade is trained on, prepared as every cloud is on its way to a model, and kept beside the run."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from bgnn_studio.core.clouds import check_points, normalise, resample
from bgnn_studio.core.evaluation import LabelledSet
from bgnn_studio.core.files import replacing
from bgnn_studio.errors import BgnnError
from bgnn_studio.io.datasets import read_labelled, splits_of
from bgnn_studio.training.cascade import TrainingData
from bgnn_studio.training.config import SHAPES, CascadeConfig
from bgnn_studio.training.shapes import labelled_shapes
from bgnn_studio.training.stage import Clouds

Progress = Callable[[int, int], None]
_PARTS = ("train", "validation")


def training_data(config: CascadeConfig, folder: Path, progress: Progress | None = None) -> TrainingData:
    """Return the training and validation clouds of a configuration, from `folder` where they were prepared before.

    Raises
    ------
    BgnnError
        No such set, no split ``train`` in a set of splits, a class without a cloud to train on, or a folder that cannot be written.
    """
    kept = folder / "clouds.npz"
    wanted = f"{config.data}, {config.points} points, {config.validation_share} by seed {config.seed}"
    arrays = _read(kept, wanted)
    if arrays is None:
        arrays = _prepare(config, progress) | {"wanted": np.array(wanted)}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with replacing(kept) as file:
                np.savez(file, **arrays)
        except OSError as error:
            raise BgnnError(
                f"{kept}: the clouds could not be kept ({error.strerror}). Free some space, or choose another folder."
            ) from error
    clouds = (Clouds(torch.from_numpy(arrays[f"{part}_points"]), torch.from_numpy(arrays[f"{part}_labels"])) for part in _PARTS)
    return TrainingData(*clouds, tuple(map(str, arrays["classes"])), str(arrays["name"]))


def open_test_split(config: CascadeConfig, progress: Progress | None = None) -> LabelledSet:
    """Return the test split of a configuration's set; raises `BgnnError` where it has none."""
    if config.data != SHAPES and "test" not in splits_of(config.data):
        raise BgnnError(f"{config.data}: expected a set with a split 'test' (found none): there is nothing to test on.")
    return _open(config.data, "test", progress)


def _open(data: str, split: str | None, progress: Progress | None) -> LabelledSet:
    if data == SHAPES:
        return labelled_shapes(split or "train", progress)
    if not data:
        raise BgnnError("This recipe names no data. Give --data PATH: ModelNet40 as published, or a folder CLASS/SPLIT/FILE.")
    return read_labelled(data, split)


def _prepare(config: CascadeConfig, progress: Progress | None) -> dict[str, np.ndarray]:
    splits = _PARTS if config.data == SHAPES else splits_of(config.data) if config.data else ()
    whole = _open(config.data, "train" if splits else None, progress)
    points, labels = _stacked(whole, config.points, progress)
    classes = np.array(whole.classes)
    if "validation" in splits:
        picked = _open(config.data, "validation", progress)
        if picked.classes != whole.classes:
            raise BgnnError(
                f"{config.data}: expected the same classes in 'train' and 'validation' (got {whole.classes}, {picked.classes})."
            )
        parts = dict(zip(_PARTS, ((points, labels), _stacked(picked, config.points, progress)), strict=True))
    else:
        held = _held_out(labels, config.validation_share, config.seed)
        parts = {"train": (points[~held], labels[~held]), "validation": (points[held], labels[held])}
    without = set(range(len(classes))) - set(parts["train"][1].tolist())
    if without:
        raise BgnnError(f"{whole.name}: expected clouds of every class to train on (found none of '{classes[min(without)]}').")
    arrays = {f"{part}_{kind}": array for part, pair in parts.items() for kind, array in zip(("points", "labels"), pair, strict=True)}
    return arrays | {"classes": classes, "name": np.array(whole.name)}


def _stacked(data: LabelledSet, count: int, progress: Progress | None) -> tuple[np.ndarray, np.ndarray]:
    """Return points (n, count, 3) float32 and labels (n,) int64, each cloud centred, scaled and resampled."""
    stacked = np.empty((len(data.labels), count, 3), np.float32)
    for i, name in enumerate(data.clouds):
        try:
            values = check_points(data.load(i))
            centred = values if data.prepared else normalise(values)
            stacked[i] = centred if len(centred) == count else resample(centred, count)
        except BgnnError as error:
            raise BgnnError(f"{data.name}, {name}: {error}") from error
        if progress is not None:
            progress(i + 1, len(stacked))
    return stacked, data.labels


def _held_out(labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Return which clouds validate, (n,) bool: this share of every class, at least one, drawn by the seed."""
    held = np.zeros(len(labels), bool)
    rng = np.random.default_rng(seed)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        held[members[: max(1, round(share * len(members)))]] = True
    return held


def _read(path: Path, wanted: str) -> dict[str, np.ndarray] | None:
    """Return the arrays of an archive of just these clouds; None for none, another or a damaged one."""
    try:
        with np.load(path) as archive:
            return dict(archive) if str(archive["wanted"]) == wanted else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
