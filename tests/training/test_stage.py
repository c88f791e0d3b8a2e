"""One stage: schedules, augmentation, clipping, checkpoints that lose nothing, and the best epoch kept."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from bgnn_studio.errors import BgnnError  # noqa: E402
from bgnn_studio.training import stage  # noqa: E402
from bgnn_studio.training.config import CascadeConfig, StageSettings  # noqa: E402
from bgnn_studio.training.networks import Network, build_network  # noqa: E402
from bgnn_studio.training.stage import Clouds, EpochReport, augment, clip_latent, learning_rate, train_stage  # noqa: E402

CLASSES = ("left", "right", "round")
CONFIG = CascadeConfig(
    variant="bf1", points=16, k=3, widths=(8, 8), embedding=16, head=(8, 8), batch_size=6,
    teacher=StageSettings(3, 1e-2), tanh=StageSettings(1, 1e-2), sign=StageSettings(1, 1e-2), binary=StageSettings(2, 1e-2), lsp_weight=0.5,
)  # fmt: skip


def clouds(seed: int, count: int = 12) -> Clouds:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    points = torch.randn(count, 16, 3, generator=generator) * 0.3
    points[:, :, 0] += (labels[:, None] - 1) * 0.5
    return Clouds(points, labels)


def network(name: str, config: CascadeConfig = CONFIG) -> Network:
    torch.manual_seed(5)
    return build_network(config.spec(name, CLASSES))


def run(folder: Path, config: CascadeConfig = CONFIG, report=lambda _: None) -> Network:
    trained = network("teacher", config)
    train_stage(trained, config, clouds(0), clouds(1), folder / "teacher.pt", teacher=None, report=report)
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
    steps = replace(CONFIG, schedule="step", step_epochs=1)
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


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    whole.mkdir()
    stopped.mkdir()
    expected = run(whole)

    def stop_after_two(report: EpochReport) -> None:
        if report.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(stopped, report=stop_after_two)
    seen: list[int] = []
    resumed = run(stopped, report=lambda r: seen.append(r.epoch))
    assert seen == [3]
    assert same(resumed, expected)
    assert same(run(stopped, report=lambda r: seen.append(r.epoch)), expected)
    assert seen == [3]  # a finished stage is not trained again


def test_the_best_validation_epoch_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = iter([0.4, 0.9, 0.6])
    monkeypatch.setattr(stage, "accuracy", lambda *_: SimpleNamespace(overall=next(figures)))
    weights = []
    trained = network("teacher")
    train_stage(
        trained, CONFIG, clouds(0), clouds(1), tmp_path / "t.pt", teacher=None,
        report=lambda _: weights.append({name: value.clone() for name, value in trained.state_dict().items()}),
    )  # fmt: skip
    assert all(torch.equal(value, weights[1][name]) for name, value in trained.state_dict().items())
    assert not all(torch.equal(value, weights[2][name]) for name, value in trained.state_dict().items())


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    run(tmp_path)
    with pytest.raises(BgnnError, match=r"teacher\.pt: was made with other settings"):
        run(tmp_path, replace(CONFIG, seed=9))
    with pytest.raises(BgnnError, match="was made with other settings"):
        run(tmp_path, replace(CONFIG, teacher=StageSettings(3, 2e-2)))
    run(tmp_path, replace(CONFIG, variant="rf", binary=StageSettings(9, 1e-3)))  # says nothing of the teacher


def test_too_few_clouds_and_a_loss_that_is_not_finite_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BgnnError, match="at least one batch of 64"):
        run(tmp_path, replace(CONFIG, batch_size=64))
    broken = Clouds(torch.full((12, 16, 3), torch.nan), clouds(0).labels)
    with pytest.raises(BgnnError, match="loss of stage 'teacher' is not finite in epoch 1"):
        train_stage(network("teacher"), CONFIG, broken, clouds(1), tmp_path / "t.pt", teacher=None, report=lambda _: None)


@pytest.mark.parametrize("name", ["tanh", "sign", "binary"])
def test_distillation_and_lsp_reach_every_graph_layer(name: str) -> None:
    student, teacher, data = network(name), network("teacher").eval(), clouds(0)
    plain, distilled, structured = (
        stage._loss(student, replace(CONFIG, alpha=a, lsp_weight=w), data.points, data.labels, teacher)
        for a, w in ((0.0, 0.0), (0.5, 0.0), (0.5, 2.0))
    )
    assert len({plain.item(), distilled.item(), structured.item()}) == 3
    gradient = torch.autograd.grad(structured - distilled, student.layers[0].latent_weight)[0]
    assert gradient.abs().max() > 0
    assert all(parameter.grad is None for parameter in teacher.parameters())
