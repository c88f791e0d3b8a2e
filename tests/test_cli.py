"""The command line, run as a user runs it: real processes, real files."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio import __version__
from bgnn_studio.commands import COMMANDS
from bgnn_studio.commands.convert import read_classes
from bgnn_studio.core.bits import pack_signs
from bgnn_studio.core.clouds import preprocess
from bgnn_studio.core.preparation import AskedPoints, Preparation
from bgnn_studio.errors import BgnnError
from bgnn_studio.history import History
from bgnn_studio.io.readers import read_cloud
from bgnn_studio.native import Model
from tests.random_model import random_model, small_spec
from tests.requirements import ROOT, needs

CLOUDS = ROOT / "tests" / "data" / "clouds"
MESH = CLOUDS / "mesh.off"
POINTS = read_cloud(MESH).points


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with no display."""
    env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "BGNN_ISA")}
    command = [sys.executable, "-m", "bgnn_studio", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=env | environment, capture_output=True, text=True, check=False, timeout=120)


def output(*arguments: object, **environment: str) -> str:
    """Return what a command that must succeed printed; nothing may be on stderr."""
    ran = run(*arguments, **environment)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def refusal(*arguments: object, **environment: str) -> str:
    """Return the one line of a command that must fail."""
    ran = run(*arguments, **environment)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("bgnn-studio: ")
    assert ran.stderr.count("\n") == 1
    return ran.stderr


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {variant: random_model(folder / f"{variant}.gguf", small_spec(variant)) for variant in ("dgcnn", "rf", "bf2", "bfr")}


def loaded(*command: str) -> set[str]:
    """Return the top-level packages that a Python process loads."""
    ran = subprocess.run([sys.executable, "-X", "importtime", *command], cwd=ROOT, capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in ran.stderr.splitlines() if line.startswith("import time:")}


def test_version_loads_nothing_but_the_standard_library() -> None:
    assert output("--version") == f"bgnn-studio {__version__}\n"
    assert loaded("-m", "bgnn_studio", "--version") - loaded("-c", "") - sys.stdlib_module_names == {"bgnn_studio"}


def test_help_names_every_command() -> None:
    text = output("--help")
    for command in COMMANDS:
        assert f"    {command}" in text
        assert output(command, "--help").startswith(f"usage: bgnn-studio {command}")


def test_infer_takes_a_cloud_by_its_number(models: dict[str, Path]) -> None:
    path = f"{CLOUDS / 'clouds.h5'}#1"
    found = json.loads(output("infer", path, "--model", models["bf2"], "--k", 4, "--raw", "--json"))
    assert found["cloud"] == path
    assert found["logits"] == Model.open(models["bf2"]).infer(read_cloud(path).points, k=4).logits.tolist()


@pytest.mark.parametrize("variant", ["dgcnn", "rf", "bf2", "bfr"])
def test_infer_json_equals_the_engine(variant: str, models: dict[str, Path]) -> None:
    found = json.loads(output("infer", MESH, "--model", models[variant], "--points", 100, "--threads", 2, "--repeat", 3, "--json"))
    model = Model.open(models[variant])
    expected = model.infer(preprocess(POINTS, 100))
    assert found["logits"] == expected.logits.tolist()
    assert found["class"] == model.spec.classes[int(expected.logits.argmax())]
    assert found["classes"] == list(model.spec.classes)
    assert sum(found["probabilities"]) == pytest.approx(1)
    assert (found["points"], found["cloud_points"], found["k"], found["threads"], found["repeats"]) == (100, 2048, 5, 2, 3)
    assert (found["model"], found["cloud"]) == (str(models[variant]), str(MESH))
    assert 0 < found["latency_ms"]["min"] <= found["latency_ms"]["p50"] <= found["latency_ms"]["p90"]
    assert [layer["name"] for layer in found["latency_ms"]["layers"]] == ["layer1", "layer2", "layer3", "embedding", "head"]
    for layer in found["latency_ms"]["layers"]:
        assert layer["ms"] == pytest.approx(sum(layer["steps"].values()))
    assert found["memory_bytes"]["file"] == models[variant].stat().st_size


def test_infer_takes_raw_points_k_and_isa(models: dict[str, Path]) -> None:
    found = json.loads(output("infer", MESH, "--model", models["bf2"], "--raw", "--k", 3, "--repeat", 1, "--json", BGNN_ISA="scalar"))
    assert (found["points"], found["k"], found["isa"], found["raw"]) == (2048, 3, "scalar", True)
    assert found["logits"] == Model.open(models["bf2"]).infer(POINTS, k=3).logits.tolist()


def test_infer_takes_as_many_points_as_the_model_was_trained_with(models: dict[str, Path]) -> None:
    found = json.loads(output("infer", MESH, "--model", models["bf2"], "--repeat", 1, "--json"))
    assert (found["points"], found["cloud_points"]) == (32, 2048)
    assert found["logits"] == Model.open(models["bf2"]).infer(preprocess(POINTS, 32)).logits.tolist()
    few = json.loads(output("infer", CLOUDS / "spaces.xyz", "--model", models["bf2"], "--repeat", 1, "--k", 4, "--json"))
    assert (few["points"], few["cloud_points"]) == (8, 8)


def test_infer_for_people(models: dict[str, Path]) -> None:
    text = output("infer", CLOUDS / "spaces.xyz", "--model", models["rf"], "--points", 20)
    lines = text.splitlines()
    found = json.loads(output("infer", CLOUDS / "spaces.xyz", "--model", models["rf"], "--points", 20, "--json"))
    best = max(found["probabilities"])
    assert lines[0] == f"{found['class']}  {100 * best:.1f} %"
    assert "8 points, centred · unit sphere · z up, resampled to 20 (12 of them repeats)" in text
    assert "rf, k = 5 (trained with 32 points, k = 5)" in text
    table = lines[lines.index("") :]
    starts = [line.split()[0] for line in table if line]
    assert starts[-6:] == ["layer", "layer1", "layer2", "layer3", "embedding", "head"]


@pytest.mark.parametrize("variant", ["rf", "bf2"])
def test_trace_holds_what_the_layers_saw(variant: str, models: dict[str, Path], tmp_path: Path) -> None:
    output("infer", MESH, "--model", models[variant], "--points", 64, "--repeat", 1, "--trace", tmp_path / "trace")
    saved = np.load(tmp_path / "trace")
    inference = Model.open(models[variant]).infer(preprocess(POINTS, 64), trace=True)
    trace = inference.trace
    assert set(saved) == {"points", "knn1", "knn2", "knn3", "features2", "features3", "winners", "logits"}
    assert np.array_equal(saved["logits"], inference.logits[None])
    assert np.array_equal(saved["winners"], trace.winners[None])
    assert np.array_equal(saved["points"], preprocess(POINTS, 64)[None])
    for layer in (1, 2, 3):
        assert saved[f"knn{layer}"].dtype == np.int32
        assert np.array_equal(saved[f"knn{layer}"], trace.knn[layer - 1][None])
    for layer in (2, 3):
        features = saved[f"features{layer}"]
        assert features.shape == (1, 64, (16, 32)[layer - 2])
        assert features.dtype == (np.int8 if variant == "bf2" else np.float32)
        back = pack_signs(features[0]) if variant == "bf2" else features[0]
        assert np.array_equal(back, trace.features[layer - 2])


def test_render_draws_without_a_display(models: dict[str, Path], tmp_path: Path) -> None:
    from PIL import Image

    pictures = []
    for i, options in enumerate(([], ["--layer", 3, "--theme", "light"], ["--pick", 3, "--edges", "picked", "--color", "distance"])):
        path = tmp_path / f"{i}.png"
        said = output("render", MESH, "--model", models["bf2"], "--points", 64, "--size", "200x150", "-o", path, *options)
        assert said.startswith(f"{path}: 200 x 150 pixels")
        with Image.open(path) as image:
            assert (image.format, image.size, image.mode) == ("PNG", (200, 150), "RGB")
            pictures.append(np.array(image).astype(int))
    assert all(np.abs(a - b).max() > 40 for i, a in enumerate(pictures) for b in pictures[:i])
    assert pictures[1].mean() > 2 * pictures[0].mean()  # light and dark
    found = json.loads(output("render", MESH, "--size", "200x150", "-o", tmp_path / "alone.png", "--json"))
    assert found == {"path": str(tmp_path / "alone.png"), "width": 200, "height": 150, "title": MESH.stem}


def test_points_are_prepared_as_asked(models: dict[str, Path], tmp_path: Path) -> None:
    asked = ("--points", 40, "--up=-y", "--resample", "random", "--seed", 3)
    found = json.loads(output("infer", MESH, "--model", models["bf2"], *asked, "--repeat", 1, "--json"))
    expected = AskedPoints(Preparation(up="-y", method="random", seed=3), 40).apply(POINTS).points
    assert found["logits"] == Model.open(models["bf2"]).infer(expected).logits.tolist()
    assert found["preparation"] == {"centre": True, "unit": True, "up": "-y", "method": "random", "seed": 3}
    assert "2048 points, centred · unit sphere · \N{MINUS SIGN}y up, resampled to 40 (at random)" in output(
        "infer", MESH, "--model", models["bf2"], *asked, "--repeat", 1
    )
    table = json.loads(output("compare", MESH, "--model", models["bf2"], "--model", models["rf"], *asked, "--repeat", 1, "--json"))
    assert table["points"] == 40


def test_render_colours_by_what_the_file_says(models: dict[str, Path], tmp_path: Path) -> None:
    from PIL import Image

    pictures, two = [], ("--model", models["bf2"], "--model", models["rf"], "--k", 3, "--edges", "none")
    for name in ("rgb", "label"):
        output("render", CLOUDS / "attributes_ascii.ply", *two, "--size", "300x150", "--colour", name, "-o", tmp_path / "two.png")
        with Image.open(tmp_path / "two.png") as image:
            pictures.append(np.array(image).astype(int))
    assert np.abs(pictures[0] - pictures[1]).max() > 40


def test_bench_for_programs_and_people(models: dict[str, Path]) -> None:
    arguments = ["bench", "--cloud", MESH, "--model", models["bf2"], "--model", models["dgcnn"], "--repeat", 3, "--against", "torch"]
    found = json.loads(output(*arguments, "--json", "--save"))
    assert [m["variant"] for m in found["models"]] == ["bf2", "dgcnn"]
    stored = [History().get(identity) for identity in found["saved_runs"]]
    assert [(r.run.conditions.variant, r.run.conditions.engine) for r in stored] == list(product(("bf2", "dgcnn"), ("native", "torch")))
    timed = [model[name]["p50"] for model in found["models"] for name in ("engine_ms", "torch_ms")]
    assert [r.entry.summary.p50_ns / 1e6 for r in stored] == pytest.approx(timed)
    for model in found["models"]:
        assert model["points"] == 32
        assert 0 < model["engine_ms"]["min"] <= model["engine_ms"]["p50"] <= model["engine_ms"]["p90"]
        layers = model["engine_ms"]["layers"]
        assert [layer["name"] for layer in layers[-2:]] == ["embedding", "head"]
        assert all(layer["ms"] == pytest.approx(sum(layer["steps"].values())) for layer in layers)
        assert model["torch_over_engine"] == pytest.approx(model["torch_ms"]["p50"] / model["engine_ms"]["p50"])
    text = output("bench", "--cloud", MESH, "--model", models["bf2"], "--points", 50, "--repeat", 3)
    assert [line.split()[0] for line in text.splitlines()[:2]] == ["model", "bf2"]
    assert text.splitlines()[1].split()[-1] == "3"  # runs
    assert "mesh; measured here after 2 runs to warm up; 1 thread; engine on " in text
    settled = json.loads(output("bench", "--cloud", MESH, "--model", models["bf2"], "--seconds", 0.2, "--json"))["models"][0]
    assert settled["engine_ms"]["stopped_by"] in ("settled", "most", "seconds")
    assert settled["repeats"] >= 10
    low, high = settled["engine_ms"]["p50_interval"]
    assert low <= settled["engine_ms"]["p50"] <= high


def test_bench_of_kernels() -> None:
    found = json.loads(output("bench", "--knn", "200,3,20", "--knn", "100,70b,100", "--gemm", "40,30,65", "--repeat", 2, "--json"))
    assert [kernel["kernel"].split(",")[0] for kernel in found["kernels"]] == ["L2 k-NN", "Hamming k-NN", "binary GEMM"]
    assert all(0 < kernel["min_ms"] <= kernel["p50_ms"] and kernel["n"] == 2 for kernel in found["kernels"])
    assert "binary GEMM, 40 x 65 . 65 x 30" in output("bench", "--gemm", "40,30,65", "--repeat", 2)


def test_doctor() -> None:
    found = json.loads(output("doctor", "--json", BGNN_ISA="scalar"))
    assert found["native"]["version"] == found["bgnn-studio"] == __version__
    assert found["native"]["isa"] == found["native"]["BGNN_ISA"] == "scalar"
    assert "renderer" in found["drawing"]
    assert (found["problems"], found["missing_libraries"], found["display"]) == ([], [], None)
    ran = run("doctor", BGNN_ISA="mmx")
    assert ran.returncode == 1
    assert "Expected BGNN_ISA to be one of scalar" in ran.stdout
    assert "All is well" not in ran.stdout


TRAINED = ("--k", "20", "--points", "1024")


def test_convert_asks_once_for_all_that_a_checkpoint_does_not_say(tmp_path: Path) -> None:
    own = ROOT / "tests" / "data" / "conformance"
    unnamed = tmp_path / "my best \u00e9poch.t7"
    unnamed.write_bytes((own / "bf2.t7").read_bytes())
    said = refusal("convert", unnamed, "-o", tmp_path / "m.gguf")
    assert "bf1 or bf2, widths 20, 40, 80, embedding 72, 6 classes; how it was trained it does not say. Give --variant bf1 or bf2" in said
    assert said.endswith("and --k (neighbours; published: 20) and --points (of a cloud; published: 1024).\n")
    assert "Give --points (of a cloud; published: 1024)." in refusal("convert", own / "rf.t7", "--k", "7", "-o", tmp_path / "m.gguf")
    assert json.loads(output("convert", unnamed, "--describe")) == {
        "variants": ["bf1", "bf2"],
        "named": None,
        "widths": [20, 40, 80],
        "embedding": 72,
        "head": [48, 33],
        "classes": 6,
    }
    assert "Give -o OUT" in refusal("convert", unnamed)


def test_convert_reproduces_the_published_layout(shared_dir: Path, tmp_path: Path) -> None:
    expected = np.load(shared_dir / "conformance" / "bf2.npz")
    model, cloud = tmp_path / "m.gguf", tmp_path / "cloud.npy"
    np.save(cloud, expected["points"][0])
    said = output("convert", shared_dir / "conformance" / "bf2.t7", "--variant", "bf2", *TRAINED, "-o", model)
    assert said.startswith(f"{model}: bf2, 40 classes named airplane, bathtub, ... (--classes names others), 1024 points, k = 20")
    found = json.loads(output("infer", cloud, "--model", model, "--raw", "--repeat", 1, "--json"))
    assert found["logits"] == pytest.approx(expected["logits"][0], rel=1e-4, abs=1e-4)


def test_convert_takes_a_model_back_to_a_checkpoint_and_to_c(tmp_path: Path) -> None:
    models = ROOT / "models"
    said = output("convert", models / "dgcnn.gguf", "-o", tmp_path / "float.pt")
    assert "state dict of dgcnn" in said
    assert said.strip().endswith("to read it again: --k 10 --points 256")
    assert "thresholds differ in their last digits; to read it again: --k " in output(
        "convert", models / "bf1.gguf", "-o", tmp_path / "b.pt"
    )
    assert "has no published layout" in refusal("convert", models / "bfr.gguf", "-o", tmp_path / "bfr.pt")
    assert "a model becomes a checkpoint" in refusal("convert", models / "bfr.gguf", "-o", tmp_path / "bfr.gguf")
    assert "bgnn_my_bfr" in output("convert", models / "bfr.gguf", "-o", tmp_path / "my-bfr.h")


def test_convert_takes_class_names_and_refuses_too_few(shared_dir: Path, tmp_path: Path) -> None:
    names, model = tmp_path / "names.txt", tmp_path / "m.gguf"
    checkpoint = shared_dir / "conformance" / "bf1.t7"
    names.write_text("one\n")
    assert "expected 40 class names" in refusal("convert", checkpoint, *TRAINED, "--classes", names, "-o", model)
    assert not model.exists()
    names.write_text("\n\n".join(f"thing {i}" for i in range(40)))
    output("convert", checkpoint, *TRAINED, "--classes", names, "-o", model)
    assert Model.open(model).spec.classes == tuple(f"thing {i}" for i in range(40))
    names.write_text("\n")
    with pytest.raises(BgnnError, match="one class name a line"):
        read_classes(names)


def test_the_window_without_a_display_is_refused(models: dict[str, Path]) -> None:
    assert "DISPLAY is not set" in refusal()
    assert "DISPLAY is not set" in refusal(MESH, models["bf2"])
    assert "DISPLAY=:987 does not answer" in refusal(DISPLAY=":987")
    assert "did you mean a command" in refusal("infr")


BAD = {
    "no such cloud": (["infer", "absent.ply", "--model", "{bf2}"], "absent.ply: could not be read"),
    "no such model": (["infer", "{mesh}", "--model", "absent.gguf"], "absent.gguf: could not be opened"),
    "cloud as model": (["infer", "{mesh}", "--model", "{mesh}"], "not a model file"),
    "model as cloud": (["infer", "{bf2}", "--model", "{bf2}"], "expected a point cloud"),
    "k above N": (["infer", "{mesh}", "--model", "{bf2}", "--points", "4"], "4 points, but k is 5"),
    "raw and resampled": (["infer", "{mesh}", "--model", "{bf2}", "--raw", "--points", "9"], "not both"),
    "unwritable trace": (["infer", "{mesh}", "--model", "{bf2}", "--points", "9", "--trace", "{mesh}/x.npz"], "could not be written"),
    "no such color": (["render", "{mesh}", "--model", "{bf2}", "--color", "pink", "-o", "x.png"], "pink"),
    "not a checkpoint": (["convert", "{mesh}", "--variant", "bf2", "--k", "5", "--points", "9", "-o", "x.gguf"], "expected a checkpoint"),
    "kernels and a model": (["bench", "--knn", "9,3,2", "--model", "{bf2}"], "Expected one of networks, kernels"),
    "two sizes": (["bench", "--knn", "9,3"], "Expected --knn N,D,K as 1024,3,20"),
    "no size": (["bench", "--gemm", "9,x,3"], "Expected --gemm sizes from 1 to 16777215 (got 'x')"),
    "k above the points": (["bench", "--knn", "9,3,10"], "'k' from 1 to the number of rows, 9"),
    "full and a model": (["bench", "--full", "--model", "{bf2}", "--cloud", "{mesh}"], "not both"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_error_is_one_line(case: str, models: dict[str, Path]) -> None:
    arguments, message = BAD[case]
    assert message in refusal(*(a.format(mesh=MESH, bf2=models["bf2"]) for a in arguments))
    assert not list(ROOT.glob("x.*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["infer", "cloud.ply"], "--model"),
        (["infer", "cloud.ply", "--model", "m.gguf", "--threads", "0"], "whole number from 1 (got '0')"),
        (["infer", "cloud.ply", "--model", "m.gguf", "--repeat", "many"], "whole number from 1 (got 'many')"),
        (["render", "cloud.ply", "--size", "400", "-o", "x.png"], "WIDTHxHEIGHT"),
        (["bench", "--against", "numpy"], "invalid choice"),
        (["bench", "--seconds", "0"], "seconds above 0 (got '0')"),
    ],
)
def test_bad_options_end_with_2_and_no_traceback(arguments: list[str], message: str) -> None:
    ran = run(*arguments)
    assert ran.returncode == 2
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr


def test_bad_isa_is_one_line(models: dict[str, Path]) -> None:
    assert "BGNN_ISA" in refusal("infer", MESH, "--model", models["bf2"], BGNN_ISA="mmx")


def test_interrupt_ends_with_130(models: dict[str, Path]) -> None:
    command = [sys.executable, "-m", "bgnn_studio", "infer", MESH, "--model", models["bf2"], "--threads", "2", "--repeat", "100000000"]
    alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # a second thread is the engine's: it runs
    process = subprocess.Popen(command, cwd=ROOT, env=alone, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while len(list(Path(f"/proc/{process.pid}/task").iterdir())) < 2:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "bgnn-studio: interrupted.\n")


def test_output_that_cannot_be_written_is_one_line(models: dict[str, Path]) -> None:
    needs("/dev/full")
    command = [sys.executable, "-m", "bgnn_studio", "infer", MESH, "--model", models["bf2"], "--repeat", "1"]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith("bgnn-studio: The output could not be written (No space left")
    assert ran.stderr.count("\n") == 1


def test_a_reader_that_leaves_is_no_error(models: dict[str, Path]) -> None:
    infer = f"{sys.executable} -m bgnn_studio infer {MESH} --model {models['bf2']} --repeat 1 --json"
    ran = subprocess.run(["bash", "-c", f"{infer} | true"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.stderr == ""
