"""Tasks on a small cloud, and OpenSSH's server as a board."""

from collections.abc import Callable, Iterator

import pytest

from bgnn_studio.boards.task import Settings, Task, prepare
from bgnn_studio.core.clouds import preprocess
from bgnn_studio.core.resources import bundled_clouds, bundled_models
from bgnn_studio.io.readers import read_cloud
from tests.boards.servers import Server, openssh
from tests.requirements import needs

MODELS = {path.stem: path for path in bundled_models()}
Tasks = Callable[..., Task]


@pytest.fixture(scope="session")
def task() -> Tasks:
    """Return a function that prepares a bundled model on the first bundled cloud, for one measured pass unless told otherwise."""
    points = preprocess(read_cloud(bundled_clouds()[0]).points, 64)

    def make(model: str = "bf2", **settings: object) -> Task:
        return prepare(MODELS[model], "chair", points, Settings(**{"warmup": 0, "repeat": 1, **settings}))

    return make


@pytest.fixture
def long_task(task: Tasks) -> Task:
    """Return one that takes a minute unless it is stopped."""
    return task("bf2", repeat=100_000)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    needs("sshd")
    with openssh(tmp_path_factory.mktemp("openssh")) as running:
        yield running
