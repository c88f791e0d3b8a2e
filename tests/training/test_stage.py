"""One stage: schedules, augmentation, clipping, snapshots that lose nothing, and the best epoch kept."""

import resource
import signal
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from bgnn_studio.errors import BgnnError  # noqa: E402
from bgnn_studio.training import stage  # noqa: E402
from bgnn_studio.training.config import CascadeConfig, StageSettings  # noqa: E402
from bgnn_studio.training.networks import Network, build_network  # noqa: E402
from bgnn_studio.training.stage import Clouds, EpochReport, StepReport, Stopped, Watch, augment, clip_latent, learning_rate, train_stage  # noqa: E402

CLASSES = ("left", "right", "round")
CONFIG = CascadeConfig(
    variant="bf1", points=16, k=3, widths=(8, 8), embedding=16, head=(8, 8), teacher_batch_size=4, batch_size=6,
    teacher=StageSettings(3, 1e-2), tanh=StageSettings(1, 1e-2), sign=StageSettings(1, 1e-2), binary=StageSettings(2, 1e-2),
    lsp_weight=0.5, dropout=0.3,
)  # fmt: skip


def clouds(seed: int, count: int = 12) -> Clouds:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    points = torch.randn(count, 16, 3, generator=generator) * 0.3
    points[:, :, 0] += (labels[:, None] - 1) * 0.5
    return Clouds(points, labels)


def network(name: str, config: CascadeConfig = CONFIG) -> Network:
    torch.manual_seed(5)
    return build_network(config.spec(name, CLASSES), dropout=config.dropout)


def run(folder: Path, config: CascadeConfig = CONFIG, watch: Watch = Watch()) -> Network:  # noqa: B008
    trained = network("teacher", config)
    torch.manual_seed(6)
    train_stage(trained, config, clouds(0), clouds(1), folder / "teacher.pt", teacher=None, watch=watch)
    return trained


def same(a: Network, b: Network) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_cosine_warms_up_and_ends_at_zero_and_steps_halve() -> None:
    peak = CONFIG.teacher.lr
    rates = [learning_rate(CONFIG, "teacher", i / 100) for i in range(101)]
    assert rates[0] < 0.2 * peak
    assert max(rates) == pytest.approx(peak)
    assert rates[52] == pytest.approx(peak / 2, rel=0.05)
    assert rates[-1] == pytest.approx(0, abs=1e-9)
    steps = replace(CONFIG, teacher=replace(CONFIG.teacher, schedule="step", step_epochs=1))
    assert [learning_rate(steps, "teacher", p) / peak for p in (0, 0.3, 0.4, 0.7)] == pytest.approx([1, 1, 0.5, 0.25])


def test_augmentation_is_one_affine_map_per_cloud_within_its_bounds() -> None:
    points = clouds(0, 60).points
    moved = augment(points, CONFIG, torch.Generator().manual_seed(2))
    scale = (moved[:, 1] - moved[:, 0]) / (points[:, 1] - points[:, 0])
    shift = moved[:, 0] - scale * points[:, 0]
    assert scale.min() >= 1 / 1.5 - 1e-3
    assert scale.max() <= 1.5 + 1e-3
    assert shift.abs().max() <= 0.2 + 1e-3
    assert scale.std() > 0.1
    torch.testing.assert_close(points * scale[:, None] + shift[:, None], moved, atol=1e-3, rtol=0)


def test_only_weights_that_are_binarized_are_clipped() -> None:
    binary = network("binary")
    with torch.no_grad():
        for parameter in binary.parameters():
            parameter.fill_(3)
    clip_latent(binary)
    assert {layer.latent_weight.max().item() for layer in binary.layers} == {1}
    assert binary.head[2].latent_weight.max().item() == 3
    assert binary.layers[0].rescale.scale.max().item() == 3


@pytest.mark.parametrize("steps", range(1, 10))
def test_a_run_stopped_after_any_step_goes_on_to_the_same_bits(tmp_path: Path, steps: int) -> None:
    """Three epochs of three batches, dropout and augmentation on: the snapshot is that of an unbroken run."""
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    whole.mkdir()
    stopped.mkdir()
    expected = run(whole)
    seen: list[StepReport] = []
    with pytest.raises(Stopped):
        run(stopped, watch=Watch(step=seen.append, stop=lambda: len(seen) == steps))
    assert [report.done for report in seen] == list(range(1, steps + 1))
    epochs: list[int] = []
    resumed = run(stopped, watch=Watch(epoch=lambda r: epochs.append(r.epoch), step=seen.append))
    assert [report.done for report in seen] == list(range(1, 10))
    assert epochs == list(range((steps - 1) // 3 + 1, 4))
    assert same(resumed, expected)
    one, other = (torch.load(folder / "teacher.pt", weights_only=True) for folder in (whole, stopped))
    for key in ("recipe", "order"):
        assert one.pop(key) == other.pop(key)
    torch.testing.assert_close(one, other, rtol=0, atol=0)
    assert same(run(stopped, watch=Watch(step=seen.append)), expected)
    assert len(seen) == 9  # a finished stage is not trained again


def test_the_best_validation_epoch_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = iter([0.4, 0.9, 0.6])
    monkeypatch.setattr(stage, "accuracy", lambda *_: SimpleNamespace(overall=next(figures)))
    weights = []
    trained = network("teacher")
    train_stage(
        trained, CONFIG, clouds(0), clouds(1), tmp_path / "t.pt", teacher=None,
        watch=Watch(lambda _: weights.append({name: value.clone() for name, value in trained.state_dict().items()})),
    )  # fmt: skip
    assert all(torch.equal(value, weights[1][name]) for name, value in trained.state_dict().items())
    assert not all(torch.equal(value, weights[2][name]) for name, value in trained.state_dict().items())


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    run(tmp_path)
    with pytest.raises(BgnnError, match=r"teacher\.pt: was made with other settings \(seed 0, now 9\)"):
        run(tmp_path, replace(CONFIG, seed=9))
    with pytest.raises(BgnnError, match=r"other settings \(lr 0\.01, now 0\.02\)"):
        run(tmp_path, replace(CONFIG, teacher=StageSettings(3, 2e-2)))
    run(tmp_path, replace(CONFIG, variant="rf", binary=StageSettings(9, 1e-3)))  # says nothing of the teacher


def test_too_few_clouds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BgnnError, match="at least one batch of 64"):
        run(tmp_path, replace(CONFIG, teacher_batch_size=64))


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_snapshot(tmp_path: Path) -> None:
    data = clouds(0)

    def spoil(report: EpochReport) -> None:
        data.points[3] = torch.nan if report.epoch == 2 else data.points[3]

    with pytest.raises(BgnnError, match=r"not finite in epoch 3\. The snapshot of epoch 2 is kept in .*Lower the learning rate"):
        train_stage(network("teacher"), CONFIG, data, clouds(1), tmp_path / "t.pt", teacher=None, watch=Watch(spoil))
    kept = torch.load(tmp_path / "t.pt", weights_only=True)
    assert kept["epoch"] == 2
    assert all(bool(value.isfinite().all()) for value in kept["weights"].values())


def test_a_full_disk_keeps_the_last_snapshot(tmp_path: Path) -> None:
    """The limit on the size of files fails in the same call as a full disk."""
    kept: list[bytes] = []

    def fill(report: EpochReport) -> None:
        kept.append((tmp_path / "teacher.pt").read_bytes())
        if report.epoch == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with pytest.raises(BgnnError, match=r"teacher\.pt: the snapshot could not be written \(File too large\)"):
            run(tmp_path, watch=Watch(fill))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert [path.name for path in tmp_path.iterdir()] == ["teacher.pt"]
    assert (tmp_path / "teacher.pt").read_bytes() == kept[1]


def test_a_damaged_snapshot_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04 no more", b"text"):
        (tmp_path / "teacher.pt").write_bytes(content)
        with pytest.raises(BgnnError, match=r"teacher\.pt: expected a snapshot of a training run"):
            run(tmp_path)


@pytest.mark.parametrize("name", ["tanh", "sign", "binary"])
def test_distillation_and_lsp_reach_every_graph_layer(name: str) -> None:
    student, teacher, data = network(name), network("teacher").eval(), clouds(0)
    plain, distilled, structured = (
        stage.batch_loss(student, replace(CONFIG, alpha=a, lsp_weight=w), data.points, data.labels, teacher)
        for a, w in ((0.0, 0.0), (0.5, 0.0), (0.5, 2.0))
    )
    assert len({plain.item(), distilled.item(), structured.item()}) == 3
    gradient = torch.autograd.grad(structured - distilled, student.layers[0].latent_weight)[0]
    assert gradient.abs().max() > 0
    assert all(parameter.grad is None for parameter in teacher.parameters())
