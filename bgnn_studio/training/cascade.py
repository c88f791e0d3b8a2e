"""The cascade: teacher, then the student stage by stage, each started from the weights of the one before."""

from dataclasses import dataclass
from pathlib import Path

import torch

from bgnn_studio.errors import BgnnError
from bgnn_studio.training.config import CascadeConfig
from bgnn_studio.training.networks import Network, build_network
from bgnn_studio.training.stage import Clouds, Report, train_stage


@dataclass(frozen=True)
class TrainingData:
    """What a cascade learns from, and what picks its checkpoints; `classes` names the labels."""

    train: Clouds
    validation: Clouds
    classes: tuple[str, ...]


def train_teacher(config: CascadeConfig, data: TrainingData, folder: Path, report: Report) -> Network:
    """Train the float teacher, or go on from its checkpoint in `folder`; return it in evaluation mode."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    teacher = build_network(config.spec("teacher", data.classes), dropout=config.dropout, engine_graphs=True)
    train_stage(teacher, config, data.train, data.validation, folder / "teacher.pt", teacher=None, report=report)
    return teacher.eval()


def train_student(config: CascadeConfig, teacher: Network, data: TrainingData, folder: Path, report: Report) -> Network:
    """Train the student through its stages, or go on from the checkpoints in `folder`; return it in evaluation mode.

    Raises
    ------
    BgnnError
        The configuration is one of the teacher alone, or see `train_stage`.
    """
    stages = config.student_stages()
    if not stages:
        raise BgnnError(f"Expected a student among rf, bf1, bf2, bfr (got {config.variant!r}). Train it with train_teacher.")
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    weights = None
    for stage in stages:
        student = build_network(config.spec(stage, data.classes), dropout=config.dropout, engine_graphs=True)
        if weights is not None:
            student.load_state_dict(weights)
        train_stage(student, config, data.train, data.validation, folder / f"{stage}.pt", teacher=teacher, report=report)
        weights = student.state_dict()
    return student.eval()
