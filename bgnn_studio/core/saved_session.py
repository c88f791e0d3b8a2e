"""A session as it is saved: what is open by path, what is selected by its place among these, and how it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from bgnn_studio.core.choices import Choices, M
from bgnn_studio.core.comparison import MOST
from bgnn_studio.core.opened import OpenCloud, PointCount
from bgnn_studio.core.perturbation import IDENTITY, Perturbation
from bgnn_studio.core.preparation import DEFAULT, Preparation
from bgnn_studio.core.views import ColourMode, EdgeMode
from bgnn_studio.errors import BgnnError

T = TypeVar("T")

Triple = tuple[float, float, float]
Camera = tuple[Triple, Triple, Triple]  # position, focal point, up


@dataclass(frozen=True)
class SavedFile:
    """A cloud or a model.

    Attributes
    ----------
    path : Path
        Absolute; with ``#12`` at its end, cloud 12 of that file.
    sha256 : str
        Of the whole file in hexadecimal digits; empty where it is not known.
    preparation : Preparation
        What is done to the points of a cloud.
    """

    path: Path
    sha256: str = ""
    preparation: Preparation = DEFAULT


@dataclass(frozen=True)
class SavedSession:
    """What a session file holds.

    Attributes
    ----------
    clouds, models : tuple of SavedFile
    cloud, model, reference : int or None
        Places in these.
    compared : tuple of int or None
        Places of models.
    count, perturbation, pick, layer, colour, bit, edges, brush, shown_k
        As in `Choices`.
    camera : Camera or None
        Of the 3D view.
    tab : str
        Title of the tab in front; empty: the first.
    """

    clouds: tuple[SavedFile, ...] = ()
    models: tuple[SavedFile, ...] = ()
    cloud: int | None = None
    model: int | None = None
    reference: int | None = None
    count: PointCount = "model"
    perturbation: Perturbation = IDENTITY
    pick: int | None = None
    layer: int = 1
    colour: ColourMode = "height"
    bit: int = 0
    edges: EdgeMode = "all"
    brush: tuple[float, float] | None = None
    compared: tuple[int, ...] | None = None
    shown_k: int | None = None
    camera: Camera | None = None
    tab: str = ""


def saved_session(choices: Choices[M], camera: Camera | None = None, tab: str = "") -> SavedSession:
    """Return choices as they are saved; clouds and models that come from no file are left out."""
    clouds = [cloud for cloud in choices.clouds if cloud.cloud.path is not None]
    models = [model for model in choices.models if model.path is not None]
    return SavedSession(
        clouds=tuple(SavedFile(_absolute(cloud.cloud.path), preparation=cloud.preparation) for cloud in clouds),
        models=tuple(SavedFile(_absolute(model.path)) for model in models),
        cloud=_place(choices.cloud, clouds),
        model=_place(choices.model, models),
        reference=_place(choices.reference, models),
        count=choices.count,
        perturbation=choices.perturbation,
        pick=choices.pick,
        layer=choices.layer,
        colour=choices.colour,
        bit=choices.bit,
        edges=choices.edges,
        brush=choices.brush,
        compared=None if choices.compared is None else tuple(i for i, model in enumerate(models) if model in choices.compared),
        shown_k=choices.shown_k,
        camera=camera,
        tab=tab,
    )


def restored_choices(saved: SavedSession, clouds: Sequence[OpenCloud | None], models: Sequence[M | None]) -> Choices[M]:
    """Return the choices of a saved session.

    Where something is missing, or fits no longer, the rest of the choices is what can still be shown.

    Parameters
    ----------
    saved : SavedSession
    clouds, models : sequence
        One entry for each of the saved ones, None where it could not be opened.
    """
    choices: Choices[M] = Choices(
        clouds=tuple(cloud for cloud in clouds if cloud is not None),
        models=tuple(model for model in models if model is not None),
        count=saved.count,
        perturbation=saved.perturbation,
        shown_k=saved.shown_k,
    )
    cloud, model = _at(clouds, saved.cloud), _at(models, saved.model)
    choices = choices.with_model(model if model or saved.model is None else next(iter(choices.models), None))
    for candidate in (cloud, *choices.clouds) if saved.cloud is not None else ():
        try:
            choices = choices.with_cloud(candidate)
        except BgnnError:
            continue
        if candidate is not None:
            break
    choices = replace(choices, reference=_at(models, saved.reference), layer=saved.layer, bit=saved.bit, edges=saved.edges)
    if choices.cloud is cloud and choices.model is model:
        points = 0 if choices.points is None else len(choices.points)
        choices = replace(choices, pick=saved.pick if saved.pick is not None and saved.pick < points else None)
        choices = replace(choices, brush=saved.brush if saved.layer <= choices.layers else None)
    if saved.compared is not None:
        chosen = [models[place] for place in saved.compared]
        choices = replace(choices, compared=tuple(model for model in choices.models if model in chosen)[:MOST])
    return replace(choices, colour=saved.colour).settled()


def _absolute(path: Path | None) -> Path:
    assert path is not None
    return path.absolute()


def _place(entry: object, entries: Sequence[object]) -> int | None:
    return next((place for place, other in enumerate(entries) if other is entry), None)


def _at(entries: Sequence[T | None], place: int | None) -> T | None:
    return entries[place] if place is not None else None
