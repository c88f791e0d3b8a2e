"""The cascade: teacher, then the student stage by stage, each started from the weights of the one before."""

from dataclasses import dataclass
from pathlib import Path

import torch

from bgnn_studio.errors import BgnnError
from bgnn_studio.training import snapshots
from bgnn_studio.training.config import CascadeConfig
from bgnn_studio.training.networks import Network, build_network
from bgnn_studio.training.parallel import World
from bgnn_studio.training.stage import Clouds, Watch, train_stage


@dataclass(frozen=True)
class TrainingData:
    """What a cascade learns from, and what picks its snapshots; `classes` names the labels, `name` the set."""

    train: Clouds
    validation: Clouds
    classes: tuple[str, ...]
    name: str = "clouds"


def choose_device(name: str = "auto") -> torch.device:
    """Return a device by name, for ``auto`` the fastest kind there is: cuda, mps, cpu; raises `BgnnError` for one that is not there."""
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, there in present.items() if there))
    if not present.get(name.partition(":")[0]):
        raise BgnnError(f"Expected a device among auto, {', '.join(kind for kind, there in present.items() if there)} (got {name!r}).")
    return torch.device(name)


def use_threads(count: int) -> None:
    """Let torch compute on this many threads; the sums, and with them the last bits, depend on it."""
    torch.set_num_threads(count)


def train_cascade(
    config: CascadeConfig,
    data: TrainingData,
    folder: Path,
    watch: Watch = Watch(),  # noqa: B008
    *,
    device: torch.device = torch.device("cpu"),  # noqa: B008
    world: World = World(),  # noqa: B008
) -> Network:
    """Train a variant, its teacher first where it learns from one, or go on from the snapshots in `folder`.

    Returns the variant in evaluation mode, with the weights of the best validation epoch of its last stage. The teacher's snapshot is
    ``folder/dgcnn/teacher.pt``, so that the students of one folder share it; others are ``folder/VARIANT/STAGE.pt``.

    Raises
    ------
    BgnnError
        See `train_stage`.
    Stopped
        `watch.stop()` said so.
    """
    torch.manual_seed(config.seed)
    teacher, student, weights = None, None, None
    for stage in config.stages():
        network = build_network(config.spec(stage, data.classes), dropout=config.dropout, engine_graphs=True)
        if weights is not None:
            network.load_state_dict(weights)
        place = folder / network.spec.variant
        place.mkdir(parents=True, exist_ok=True)
        network.to(device)
        snapshot = place / f"{stage}.pt"
        train_stage(network, config, data.train, data.validation, snapshot, teacher=teacher, watch=watch, world=world)
        if stage == "teacher":
            teacher = student = network.eval()
            torch.manual_seed(config.seed)
        else:
            student, weights = network, network.state_dict()
    return student.eval()


def stages_before(config: CascadeConfig, classes: tuple[str, ...], folder: Path) -> list[Network]:
    """Return a variant as each stage before the last left it, in evaluation mode, from the snapshots of a finished cascade in `folder`.

    Raises `BgnnError` where one is missing or of other settings.
    """
    networks = []
    for stage in config.student_stages()[:-1]:
        path = folder / config.variant / f"{stage}.pt"
        state = snapshots.load(path, config.recipe(stage))
        if state is None:
            raise BgnnError(f"{path}: is missing. Train this stage again with --resume.")
        network = build_network(config.spec(stage, classes))
        network.load_state_dict(state["best_weights"])
        networks.append(network.eval())
    return networks


def trained_stages(config: CascadeConfig, folder: Path) -> list[Path]:
    """Return the snapshots that a cascade finds in `folder`."""
    paths = (folder / ("dgcnn" if stage == "teacher" else config.variant) / f"{stage}.pt" for stage in config.stages())
    return [path for path in paths if path.exists()]
