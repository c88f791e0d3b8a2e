"""bgnn-runner on this machine (under sanitizers) and on emulated boards: the Python engine's results, documented lines, clean ends."""

import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio import native
from bgnn_studio.core.resources import bundled_models
from tests.native.runner_program import BUILD, ONE_RUN, checksum, compile_runner, of_type, parse, read_points, run_runner, write_cloud
from tests.random_model import random_model, small_spec
from tests.requirements import needs

NAMES = [path.stem for path in bundled_models()]
MODELS = dict(zip(NAMES, bundled_models(), strict=True))
POINTS = 128  # half of what the bundled models know: emulated passes of dgcnn stay below a second


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cloud(tmp_path_factory.mktemp("cloud") / "chair.f32", POINTS)


@pytest.fixture(scope="module")
def arm_runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs("qemu-aarch64", "aarch64-linux-gnu-gcc")
    return compile_runner("aarch64-linux-gnu-gcc", tmp_path_factory.mktemp("arm") / "bgnn-runner", "-static")


Expected = dict[Path, tuple[list[float], str]]


@pytest.fixture(scope="module")
def expected(cloud: Path, tmp_path_factory: pytest.TempPathFactory) -> Expected:
    """Logits and checksum of every bundled model, and of small ones of the stages before binary, from the Python engine."""
    folder = tmp_path_factory.mktemp("stages")
    stages = [small_spec("rf", stage="tanh"), small_spec("bf2", stage="sign"), small_spec("bfr", stage="tanh", widths=(16, 16))]
    models = [*bundled_models(), *(random_model(folder / f"{spec.variant}-{spec.stage}.gguf", spec) for spec in stages)]
    found = {}
    for path in models:
        inference = native.Model.open(path).infer(read_points(cloud), trace=True)
        found[path] = (inference.logits.tolist(), checksum(inference))
    return found


def assert_reproduces(expected: Expected, isa: str, cloud: Path, *command: str | Path) -> None:
    for path, (logits, digest) in expected.items():
        environment = {**os.environ, "BGNN_ISA": isa}
        status, lines = run_runner(*command, "--model", path, "--cloud", cloud, *ONE_RUN, environment=environment)
        assert status == 0, lines
        assert of_type(lines, "identity")["isa"] == isa
        result = of_type(lines, "result")
        assert np.float32(result["logits"]).tolist() == logits
        assert result["checksum"] == digest


@pytest.mark.parametrize("isa", native.isas())
def test_the_host_reproduces_the_python_engine(isa: str, runner: Path, cloud: Path, expected: Expected):
    assert_reproduces(expected, isa, cloud, runner)


@pytest.mark.parametrize("cpu", ["cortex-a53", "cortex-a72", "max"])
def test_emulated_arm_reproduces_the_python_engine(cpu: str, arm_runner: Path, cloud: Path, expected: Expected):
    assert_reproduces(expected, "neon", cloud, "qemu-aarch64", "-cpu", cpu, arm_runner)


@pytest.mark.parametrize(
    ("architecture", "emulator", "isas"),
    [
        ("aarch64", "qemu-aarch64", ["scalar", "neon"]),
        ("armv7", "qemu-arm", ["scalar", "neon", "neon-vfpv4"]),
        ("riscv64", "qemu-riscv64", ["scalar"]),
        ("x86_64", "", None),
    ],
)
def test_cross_built_runners_reproduce_the_python_engine(
    architecture: str, emulator: str, isas: list[str] | None, cloud: Path, expected: Expected
):
    needs(emulator or architecture)
    command = [*([emulator] if emulator else []), BUILD.program(architecture)]
    for isa in isas or native.isas():
        assert_reproduces(expected, isa, cloud, *command)


def test_k_threads_and_cpus(runner: Path, cloud: Path):
    cpu = max(os.sched_getaffinity(0))
    options = ["--k", "5", "--threads", "3", "--cpus", str(cpu), *ONE_RUN]
    _, lines = run_runner(runner, "--model", MODELS["bfr"], "--cloud", cloud, *options)
    inference = native.Model.open(MODELS["bfr"]).infer(read_points(cloud), k=5, threads=3, trace=True)
    init, result = of_type(lines, "init"), of_type(lines, "result")
    assert (init["points"], init["k"], init["threads"]) == (POINTS, 5, 3)
    assert of_type(lines, "identity")["affinity"] == [cpu]
    assert result["arena_bytes"] == of_type(lines, "model")["arena_bytes"] == inference.arena_bytes
    assert result["checksum"] == checksum(inference)


def test_the_lines_of_a_run(runner: Path, cloud: Path):
    model = native.Model.open(MODELS["bf2"])
    _, lines = run_runner(runner, "--model", MODELS["bf2"], "--cloud", cloud, *ONE_RUN)
    kinds = [line["type"] for line in lines]
    assert [kind for kind in kinds if kind != "heartbeat"] == ["identity", "model", "init", "first", "result"]
    assert (kinds[1], kinds[-2]) == ("heartbeat", "heartbeat")
    identity, written = of_type(lines, "identity"), of_type(lines, "model")
    assert (identity["library_version"], identity["isas"]) == (native.version(), list(native.isas()))
    assert (identity["machine"], identity["endianness"]) == (os.uname().machine, "little")
    assert (written["variant"], written["classes"], written["widths"]) == ("bf2", list(model.spec.classes), list(model.spec.widths))
    assert (written["file_bytes"], written["prepared_bytes"]) == (model.file_bytes, model.prepared_bytes)
    result = of_type(lines, "result")
    assert result["model_bytes"] == model.file_bytes + model.prepared_bytes
    assert result["peak_rss_bytes"] > result["arena_bytes"]
    assert (result["n"], result["stopped_by"], result["spread"]) == (1, "max_runs", None)


def test_the_statistics_are_those_of_the_samples(runner: Path, cloud: Path):
    options = ["--min-runs", "40", "--max-runs", "40", "--raw-samples"]
    _, lines = run_runner(runner, "--model", MODELS["bf2"], "--cloud", cloud, *options)
    result = of_type(lines, "result")
    samples = np.array(result["samples_ns"])
    assert len(samples) == result["n"] == 40
    for percent in (50, 90, 99):
        assert result[f"p{percent}_ns"] == pytest.approx(np.percentile(samples, percent), abs=0.1)
    assert result["min_ns"] == samples.min()
    assert result["mean_ns"] == pytest.approx(samples.mean(), abs=0.1)
    assert result["std_ns"] == pytest.approx(samples.std(), abs=0.1)
    # Ranks 13 and 28 of 40 (counted from 1) bound the median: 20 - 6.2, rounded down; 21 + 6.2, rounded up.
    low, high = np.sort(samples)[[12, 27]]
    assert result["spread"] == pytest.approx((high - low) / 2 / np.median(samples))
    for layer in result["layers"]:
        assert all(step["p50_ns"] <= layer["p50_ns"] for step in layer["steps"])
    assert sum(layer["p50_ns"] for layer in result["layers"]) <= result["p90_ns"] * 1.5


@pytest.mark.parametrize(
    ("options", "stopped_by", "least"),
    [(["--max-runs", "12"], "max_runs", 12), (["--min-runs", "3", "--max-seconds", "0.000001"], "max_seconds", 3)],
)
def test_when_a_run_stops(options: list[str], stopped_by: str, least: int, runner: Path, cloud: Path):
    _, lines = run_runner(runner, "--model", MODELS["bf2"], "--cloud", cloud, "--min-runs", "12", *options)
    result = of_type(lines, "result")
    settled = result["spread"] is not None and result["spread"] <= 0.01
    assert (result["n"], result["stopped_by"]) == (least, "settled" if settled else stopped_by)


@pytest.mark.parametrize(
    ("network", "macs", "bit_ops"),
    [
        # By hand from the README's table: N = 20, k = 5, widths 16, 32, 64, embedding 70, head 24 and 12, 3 classes.
        (("dgcnn", "teacher"), [1200 + 9600, 6400 + 102400, 12800 + 409600, 156800, 3360 + 288 + 36], [0, 0, 0, 0, 0]),
        (("rf", "binary"), [1200 + 9600, 6400, 12800, 0, 36], [0, 102400, 409600, 156800, 3360 + 288]),
        (("bf2", "binary"), [1200 + 9600, 0, 0, 0, 36], [0, 6400 + 102400, 12800 + 409600, 156800, 3360 + 288]),
        (("bfr", "binary"), [1200 + 9600, 0, 0, 0, 3360 + 288 + 36], [0, 6400 + 102400, 12800 + 409600, 156800, 0]),
        (("bf2", "tanh"), [1200 + 9600, 6400 + 102400, 12800 + 409600, 156800, 3360 + 288 + 36], [0, 0, 0, 0, 0]),
        (("bf2", "sign"), [1200 + 9600, 102400, 409600, 156800, 3360 + 288 + 36], [0, 6400, 12800, 0, 0]),
    ],
)
def test_operations(network: tuple[str, str], macs: list[int], bit_ops: list[int], runner: Path, tmp_path: Path):
    model = random_model(tmp_path / "model.gguf", small_spec(network[0], stage=network[1]))
    _, lines = run_runner(runner, "--model", model, "--cloud", write_cloud(tmp_path / "cloud.f32", 20), *ONE_RUN)
    layers = of_type(lines, "result")["layers"]
    assert [layer["layer"] for layer in layers] == ["layer1", "layer2", "layer3", "embedding", "head"]
    assert ([layer["macs"] for layer in layers], [layer["bit_ops"] for layer in layers]) == (macs, bit_ops)


def test_names_that_need_care_in_json(runner: Path, cloud: Path, tmp_path: Path):
    names = ('say "a\\b"', "line\nend\x01", "Möbius 環 🪐", "surrogate XYZ", "overlong XY")
    path = random_model(tmp_path / "model.gguf", small_spec(classes=names))
    path.write_bytes(path.read_bytes().replace(b"XYZ", b"\xed\xa0\x80").replace(b"XY", b"\xc0\xaf"))
    _, lines = run_runner(runner, "--model", path, "--cloud", cloud, *ONE_RUN)
    assert of_type(lines, "model")["classes"] == [*names[:3], "surrogate \ufffd\ufffd\ufffd", "overlong \ufffd\ufffd"]


def write_sensors(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_sensors(runner: Path, cloud: Path, tmp_path: Path):
    cores = "".join(f"processor\t: {i}\nCPU implementer\t: 0x41\nCPU part\t: {'0xd05' if i < 2 else '0xd0b'}\n\n" for i in range(3))
    board = {
        "proc/cpuinfo": cores + "Model\t\t: A Board\n",
        "proc/meminfo": "MemTotal:        1000 kB\nMemFree:  10 kB\nMemAvailable:   600 kB\n",
        "proc/loadavg": "0.25 0.50 1.00 1/100 42\n",
        "proc/device-tree/model": "A Board Rev 1.4\0",
        "sys/class/thermal/thermal_zone10/type": "gpu-thermal\n",
        "sys/class/thermal/thermal_zone2/type": "cpu-thermal\n",
        "sys/class/thermal/thermal_zone2/temp": "48312\n",
        "sys/class/thermal/cooling_device0/type": "fan\n",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "600000\n",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
        "sys/devices/system/cpu/cpu10/cpufreq/scaling_cur_freq": "1800000\n",
        "sys/devices/system/cpu/cpu2/cpufreq/scaling_governor": "no frequency\n",
        "sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq": "600000\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
    }
    root = write_sensors(tmp_path / "board", board)
    _, lines = run_runner(runner, "--model", MODELS["bf2"], "--cloud", cloud, "--sysroot", root, *ONE_RUN)
    identity, heartbeat = of_type(lines, "identity"), lines[1]
    assert identity["cpus"] == [
        {"implementer": "0x41", "part": "0xd05", "model_name": None, "count": 2},
        {"implementer": "0x41", "part": "0xd0b", "model_name": None, "count": 1},
    ]
    assert (identity["board"], identity["memory_total_bytes"], identity["memory_available_bytes"]) == ("A Board Rev 1.4", 1024000, 614400)
    assert identity["governors"] == [{"cpu": 0, "governor": "ondemand"}, {"cpu": 10, "governor": None}]
    assert heartbeat["temperatures"] == [{"zone": "cpu-thermal", "celsius": 48.312}, {"zone": "gpu-thermal", "celsius": None}]
    assert heartbeat["frequencies"] == [{"cpu": 0, "khz": 600000}, {"cpu": 10, "khz": 1800000}]
    assert (heartbeat["throttled"], heartbeat["load_average"]) == ("0x50005", [0.25, 0.5, 1.0])


def test_absent_sensors_are_null(runner: Path, cloud: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    _, lines = run_runner(runner, "--model", MODELS["bf2"], "--cloud", cloud, "--sysroot", tmp_path / "empty", *ONE_RUN)
    identity = of_type(lines, "identity")
    members = ("board", "cpus", "governors", "memory_total_bytes", "memory_available_bytes")
    assert [identity[member] for member in members] == [None] * 5
    assert [lines[1][member] for member in ("temperatures", "frequencies", "throttled", "load_average")] == [None] * 4


@pytest.fixture(scope="module")
def bad_clouds(cloud: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    points = read_points(cloud)
    (folder / "good.f32").write_bytes(cloud.read_bytes())
    (folder / "short.f32").write_bytes(cloud.read_bytes()[:-1])
    (folder / "empty.f32").write_bytes(b"")
    (points * np.float32(3e38)).tofile(folder / "huge.f32")
    points[3, 0] = np.nan
    points.tofile(folder / "nan.f32")
    return folder


@pytest.mark.parametrize(
    ("options", "environment", "message"),
    [
        (["--cloud", "nan.f32"], {}, "point 3 is (nan"),
        (["--cloud", "short.f32"], {}, "short.f32: Expected little-endian float32 x, y, z"),
        (["--cloud", "empty.f32"], {}, "empty.f32: Expected little-endian float32 x, y, z"),
        (["--cloud", "."], {}, ": Expected little-endian float32 x, y, z"),
        (["--cloud", "none.f32"], {}, "none.f32: No such file"),
        (["--cloud", "huge.f32"], {}, "The logits overflow"),
        (["--model", "none.gguf"], {}, "none.gguf: "),
        (["--model", "short.f32"], {}, "short.f32: not a model file"),
        (["--k", "129"], {}, "the cloud has 128 points, but k is 129"),
        (["--k", "0"], {}, "Expected a whole number of at least 1 after --k (got '0')"),
        (["--threads", "2x"], {}, "Expected 1 to 64 after --threads (got '2x')"),
        (["--max-seconds", "nan"], {}, "after --max-seconds (got 'nan')"),
        (["--min-runs", "9", "--max-runs", "8"], {}, "Expected --max-runs of at least --min-runs (got 8 and 9)"),
        (["--cpus", "1-0"], {}, "Expected a list of CPUs such as 3 or 0-1,4 after --cpus"),
        (["--cpus", "1023"], {}, "--cpus: Invalid argument. Name CPUs"),
        (["--speed", "9"], {}, "Unknown option '--speed'. See --help."),
        (["--cloud"], {}, "Expected a path after --cloud (got '')"),
        ([], {"BGNN_ISA": "mmx"}, "BGNN_ISA names no instruction set that runs here (got 'mmx')"),
    ],
)
def test_bad_input(options: list[str], environment: dict[str, str], message: str, runner: Path, bad_clouds: Path):
    cloud = bad_clouds / "good.f32"
    options = [str(bad_clouds / option) if option.endswith((".", ".f32", ".gguf")) else option for option in options]
    command = [runner, "--model", MODELS["dgcnn"], "--cloud", cloud, *ONE_RUN, *options]
    status, lines = run_runner(*command, environment={**os.environ, **environment})
    assert status == 2
    assert message in lines[-1]["message"]
    assert [line["type"] for line in lines].count("error") == 1


def test_no_model_and_help(runner: Path):
    status, lines = run_runner(runner)
    assert (status, lines) == (2, [{"type": "error", "message": "Expected --model and --cloud (got no model). See --help."}])
    text = subprocess.run([runner, "--help"], capture_output=True, text=True, check=True).stdout
    assert all(option in text for option in ("--model", "--watch-stdin", "--sysroot"))


def test_an_output_that_is_full_ends_it(runner: Path, cloud: Path):
    needs("/dev/full")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([runner, "--model", MODELS["bf2"], "--cloud", cloud], stdout=full, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 1


@pytest.fixture(scope="module")
def long_run(runner: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str | Path]:
    """A run whose single passes take seconds (sanitized scalar code), so that it is stopped in the middle of one."""
    cloud = write_cloud(tmp_path_factory.mktemp("long") / "cloud.f32", 1024)
    big = np.tile(read_points(cloud), (8, 1))
    big.tofile(cloud)
    return [runner, "--model", MODELS["dgcnn"], "--cloud", cloud]


def start(command: list[str | Path], folder: Path) -> subprocess.Popen[str]:
    """Start in an empty folder and wait for a heartbeat of the first pass."""
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "BGNN_ISA": "scalar"}
    )
    assert process.stdout is not None
    while (line := parse(process.stdout.readline()))["type"] != "heartbeat" or line["phase"] != "first":
        pass
    assert 0.9 < line["elapsed_s"] < 10
    return process


@pytest.mark.parametrize("reason", ["stdin", "SIGTERM", "SIGINT", "SIGHUP"])
def test_a_run_is_stopped_within_a_pass(reason: str, long_run: list[str | Path], tmp_path: Path):
    with start([*long_run, "--watch-stdin"], tmp_path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        before = time.monotonic()
        if reason == "stdin":
            process.stdin.close()
        else:
            process.send_signal(signal.Signals[reason])
        assert process.wait(10) == 3
        assert time.monotonic() - before < 0.2
        assert [parse(line) for line in process.stdout][-1] == {"type": "stopped", "reason": reason}
    assert list(tmp_path.iterdir()) == []


def test_what_comes_on_standard_input_does_not_matter(runner: Path, cloud: Path):
    command = [runner, "--model", MODELS["bf2"], "--cloud", cloud, "--watch-stdin", *ONE_RUN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"words " * 1000)
        process.stdin.flush()
        assert b'"type":"result"' in process.stdout.read()
        assert process.wait(10) == 0


def test_a_reader_that_goes_ends_it(long_run: list[str | Path], tmp_path: Path):
    with start(long_run, tmp_path) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(5) == -signal.SIGPIPE  # at the next heartbeat
