"""Published checkpoints: every way in which they are stored, and every reason to refuse one."""

import contextlib
import os
import pickle
import random
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from bgnn_studio.core.spec import network_spec
from bgnn_studio.errors import ModelFileError
from bgnn_studio.training.checkpoints import MODELNET40, CheckpointFacts, describe_checkpoint, load_checkpoint
from bgnn_studio.training.networks import Network
from tests.requirements import ROOT, needs

TRAINED = {"k": 7, "points": 90}
OWN = Path(__file__).resolve().parents[1] / "data" / "conformance"


def _state(variant: str = "bf2") -> dict[str, torch.Tensor]:
    return torch.load(OWN / f"{variant}.t7", weights_only=True)


def load(path: Path, **more: Any) -> Network:
    return load_checkpoint(path, **TRAINED, **more)


def _save(folder: Path, content: object, name: str = "bf2.t7") -> Path:
    torch.save(content, folder / name)
    return folder / name


@pytest.mark.parametrize("variant", ["dgcnn", "rf", "bf1", "bf2"])
def test_sizes_follow_from_the_shapes(variant: str) -> None:
    network = load(OWN / f"{variant}.t7")
    sizes = {"points": 90, "k": 7, "widths": (20, 40, 80), "embedding": 72, "head": (48, 33)}
    assert network.spec == network_spec(variant, tuple(f"class {i}" for i in range(6)), **sizes)
    assert not network.training


@pytest.mark.parametrize("wrap", ["model", "state_dict", "prefix", "both"])
def test_wrapped_and_prefixed_state_dicts(wrap: str, tmp_path: Path) -> None:
    state = _state()
    if wrap in ("prefix", "both"):
        state = {f"module.{name}": t for name, t in state.items()}
    if wrap != "prefix":
        state = {"model" if wrap == "model" else "state_dict": state, "epoch": 7, "args": {"k": 7}}
    loaded = load(_save(tmp_path, state)).state_dict()
    expected = load(OWN / "bf2.t7").state_dict()
    assert all(torch.equal(loaded[name], t) for name, t in expected.items())


def test_safetensors(tmp_path: Path) -> None:
    save_file({f"module.{name}": t for name, t in _state().items()}, tmp_path / "bf2.safetensors")
    loaded, expected = load(tmp_path / "bf2.safetensors"), load(OWN / "bf2.t7")
    assert all(torch.equal(loaded.state_dict()[name], t) for name, t in expected.state_dict().items())
    content = (tmp_path / "bf2.safetensors").read_bytes()
    for length in (9, 100, len(content) - 1):
        (tmp_path / "bf2.safetensors").write_bytes(content[:length])
        with pytest.raises(ModelFileError, match=r"bf2\.safetensors: expected a safetensors file \(damaged: "):
            load(tmp_path / "bf2.safetensors")


def test_scales_multiply_and_a_lone_slope_is_repeated(tmp_path: Path) -> None:
    state = _state()
    state["conv2.1.scale_b"].fill_(3.0)
    state["conv2.1.scale_c"].fill_(-0.25)
    state["conv3.2.weight"] = torch.linspace(-1, 1, 80)
    layers = load(_save(tmp_path, state)).layers
    assert torch.equal(layers[1].rescale.scale, state["conv2.1.scale_a"].flatten() * 3.0 * -0.25)
    assert torch.equal(layers[1].prelu.weight, state["conv2.2.weight"].repeat(40))
    assert torch.equal(layers[2].prelu.weight, state["conv3.2.weight"])


def test_the_name_or_the_argument_tells_bf1_from_bf2(tmp_path: Path) -> None:
    assert load(_save(tmp_path, _state(), "My_BF1_best.t7")).spec.max_order == "before_norm"
    assert load(_save(tmp_path, _state(), "bf1.t7"), variant="bf2").spec.variant == "bf2"
    for name in ("model.t7", "bf1_or_bf2.t7"):
        with pytest.raises(ModelFileError, match="Give --variant bf1 or --variant bf2"):
            load(_save(tmp_path, _state(), name))


def test_a_variant_that_the_keys_deny_is_refused() -> None:
    with pytest.raises(ModelFileError, match=r"expected the variant rf, which its keys say \(got 'bf1'\)"):
        load(OWN / "rf.t7", variant="bf1")
    with pytest.raises(ModelFileError, match="variant bf1 or bf2"):
        load(OWN / "bf1.t7", variant="bfr")


def test_class_names(tmp_path: Path) -> None:
    assert load(OWN / "rf.t7", classes=tuple("abcdef")).spec.classes == tuple("abcdef")
    with pytest.raises(ModelFileError, match=r"expected 6 class names, one per logit \(got 2\)"):
        load(OWN / "rf.t7", classes=("a", "b"))
    state = _state("dgcnn")
    state |= {"linear3.weight": torch.zeros(40, 33), "linear3.bias": torch.zeros(40)}
    names = load(_save(tmp_path, state)).spec.classes
    assert names == MODELNET40
    assert len(names) == 40
    assert list(names) == sorted(names)


@pytest.mark.parametrize(("part", "size", "kind"), [("b", 90, "point"), ("c", 7, "neighbour")])
@pytest.mark.parametrize("rescale", ["conv2.1", "conv2.rescale"])
def test_scales_per_point_or_neighbour_are_refused(part: str, size: int, kind: str, rescale: str, tmp_path: Path) -> None:
    state = _state("bf2" if rescale == "conv2.1" else "rf")
    state[f"{rescale}.scale_{part}"] = torch.ones(1, size, 1)
    with pytest.raises(ModelFileError, match=f"'{rescale}.scale_{part}' has {size} values, a scale per {kind}.*only scales per channel"):
        load(_save(tmp_path, state))


def _without(name: str) -> dict[str, torch.Tensor]:
    state = _state()
    del state[name]
    return state


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: {"encoder.weight": torch.zeros(2)}, "its tensors are encoder.weight.*Supported: state dicts of dgcnn, rf, bf1 and bf2"),
        (
            lambda: {f"conv{i}.0.weight": torch.zeros(64, 6, 1, 1) for i in range(1, 10)} | {"transform_net.conv3.weight": torch.zeros(1)},
            "expected a classifier.*found the layers conv1, conv2, .*, transform_net: a segmentation network.*Supported: state dicts",
        ),
        (dict, "its tensors are no tensors"),
        (lambda: [1, 2], r"expected a state dict \(got list\)"),
        (lambda: _without("bn2.running_var"), "'bn2.running_var' is missing"),
        (lambda: _without("conv2.1.scale_a"), "'conv2.1.scale_a' is missing"),
        (lambda: _without("linear2.core_op.weights_real"), "'linear2.core_op.weights_real' is missing"),
        (lambda: _without("conv3.0.weights_real"), "'conv3.0.weights_real' is missing"),
        (lambda: {n: t for n, t in _state().items() if not n.startswith("conv3.")}, r"expected conv1, conv2, ... .*got \[1, 2, 4\]"),
        (
            lambda: _state() | {"conv2.0.weights_real": torch.zeros(40, 41, 1, 1)},
            r"shape \(40, 41, 1, 1\), the other tensors ask for \(40, 40\)",
        ),
        (lambda: _state() | {"conv2.0.weights_real": torch.zeros(40, 40, 3, 3)}, r"shape \(40, 40, 3, 3\)"),
        (lambda: _state() | {"bn2.bias": torch.full((40,), torch.inf)}, "'bn2.bias' holds values that are not finite"),
        (lambda: _state() | {"bn2.running_var": torch.full((40,), -1.0)}, "'bn2.running_var' holds negative variances"),
        (lambda: _state() | {"linear1.bias": torch.zeros(48)}, "tensors of another network: linear1.bias"),
        (lambda: _state() | {"conv2.1.scale_a": torch.ones(40, 90, 1)}, "3600 values, the layer has 40 channels"),
    ],
)
def test_other_networks_are_refused(content, message: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=message) as caught:
        load(_save(tmp_path, content()))
    assert str(tmp_path / "bf2.t7") in str(caught.value)


class _Writes:
    """Code in a pickle: it makes a file when it runs."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("raw", [False, True])
def test_a_hostile_pickle_never_runs(raw: bool, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    content = {"state_dict": {**_state(), "epoch": _Writes(ran)}}
    if raw:
        (tmp_path / "bf2.t7").write_bytes(pickle.dumps(content["state_dict"]["epoch"], protocol=2))
    else:
        torch.save(content, tmp_path / "bf2.t7")
    with pytest.raises(ModelFileError, match="expected a checkpoint with tensors only"):
        load(tmp_path / "bf2.t7")
    assert not ran.exists()
    with contextlib.suppress(Exception):  # the file does run code where it is allowed to
        torch.load(tmp_path / "bf2.t7", weights_only=False)
    assert ran.exists()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 broken", pickle.dumps({"conv1.0.weight": 1}, protocol=2)])
def test_files_that_are_no_checkpoint(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bf1.t7").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"bf1\.t7: "):
        load(tmp_path / "bf1.t7")


def test_a_model_file_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "bf1.t7").write_bytes(b"GGUF\x03\0\0\0")
    with pytest.raises(ModelFileError, match="is a model file already"):
        load(tmp_path / "bf1.t7")


def test_truncated_checkpoint(tmp_path: Path) -> None:
    content = (OWN / "bf1.t7").read_bytes()
    for length in range(0, len(content), 9001):
        (tmp_path / "bf1.t7").write_bytes(content[:length])
        with pytest.raises(ModelFileError):
            load(tmp_path / "bf1.t7")


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"nothing\.t7: could not be opened \(No such file"):
        load(tmp_path / "nothing.t7")
    os.mkfifo(tmp_path / "pipe.t7")
    for path in (tmp_path, tmp_path / "pipe.t7"):
        with pytest.raises(ModelFileError, match="could not be opened"):
            load(path)


def test_what_a_checkpoint_says_of_itself(tmp_path: Path) -> None:
    facts = CheckpointFacts(("bf1", "bf2"), None, (20, 40, 80), 72, (48, 33), 6)
    assert describe_checkpoint(_save(tmp_path, _state(), "best.t7")) == facts
    assert describe_checkpoint(OWN / "bf1.t7") == replace(facts, named="bf1")
    assert describe_checkpoint(OWN / "rf.t7") == replace(facts, variants=("rf",), named="rf")


def _peak_of(code: str, *arguments: Path) -> tuple[str, int]:
    """Run code in a process that may allocate 1.5 GiB beyond its libraries; return what it said, and its exit code."""
    room = (
        "import resource, sys, torch; from pathlib import Path; from bgnn_studio.training.checkpoints import load_checkpoint\n"
        "used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 1536 * 2**20,) * 2)\n"
    )
    done = subprocess.run([sys.executable, "-c", room + code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr, done.returncode


def test_a_small_file_cannot_ask_for_much_memory(tmp_path: Path) -> None:
    """Tensors that repeat one value, that lie nowhere, rows that promise a network of 100 TB, and an archive that unpacks to 4 GiB."""
    needs("fork")
    weight, wide = "conv2.0.weights_real", _state()
    _save(tmp_path, _state() | {weight: torch.zeros(1).expand(1 << 20, 1 << 20)}, "expanded-bf2.t7")
    _save(tmp_path, _state() | {weight: torch.empty(1 << 20, 1 << 20, device="meta")}, "meta-bf2.t7")
    _save(tmp_path, _state() | {weight: torch.sparse_coo_tensor(size=(1 << 20, 1 << 20))}, "sparse-bf2.t7")
    wide |= {weight: torch.zeros(1 << 20, 1), "conv3.0.weights_real": torch.zeros(1 << 20, 1)}
    _save(tmp_path, wide, "wide-bf2.t7")
    with zipfile.ZipFile(tmp_path / "bomb-bf2.t7", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(1 << 24))
        archive.getinfo("archive/data.pkl").file_size = 1 << 32
    code = (
        "from bgnn_studio.errors import ModelFileError\n"
        "for path in sys.argv[1:]:\n    try:\n        load_checkpoint(path, k=7, points=90)\n"
        "    except ModelFileError as error:\n        print(error)"
    )
    said, code_of_exit = _peak_of(code, *sorted(tmp_path.glob("*.t7")))
    assert code_of_exit == 0, said
    for words in ("promises 4294967296 bytes", "(1048576, 1048576) is not in the file", "the other tensors ask for"):
        assert words in said
    assert len(said.splitlines()) == 5


ANY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
_STARTS = (b"", b"\x80\x02", b"PK\x03\x04", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", bytes(8) + b"{", b"\x40" + bytes(7) + b"{")


@ANY
@given(st.sampled_from(_STARTS), st.binary(max_size=300))
def test_any_bytes_are_a_network_or_refused(tmp_path: Path, start: bytes, rest: bytes) -> None:
    (tmp_path / "bf2.t7").write_bytes(start + rest)
    with pytest.raises(ModelFileError, match=r"^[^\n]*bf2\.t7: [^\n]*$"):
        load(tmp_path / "bf2.t7")


def test_damaged_checkpoints_are_a_network_or_refused(tmp_path: Path) -> None:
    """Of both formats of torch.save and of safetensors: bytes changed, cut and spliced."""
    legacy, tensors = tmp_path / "legacy-bf2.t7", tmp_path / "bf2.safetensors"
    torch.save(_state(), legacy, _use_new_zipfile_serialization=False)
    save_file(_state(), tensors)
    outcomes = set()
    for source in (OWN / "bf2.t7", legacy, tensors):
        whole, rng = source.read_bytes(), random.Random(7)
        for _ in range(60):
            damaged = bytearray(whole)
            for _ in range(rng.randint(1, 6)):  # pickles and headers are at the ends
                at = rng.choice((rng.randrange(4000), rng.randrange(len(whole)), len(whole) - 1 - rng.randrange(4000)))
                damaged[at : at + rng.randint(0, 4)] = rng.randbytes(rng.randint(0, 4))
            path = tmp_path / f"damaged-bf2{source.suffix}"
            path.write_bytes(damaged)
            try:
                load(path)
                outcomes.add("network")
            except ModelFileError as error:
                assert str(path) in str(error) and "\n" not in str(error)  # noqa: PT017, PT018
                outcomes.add("refused")
    assert outcomes == {"network", "refused"}
