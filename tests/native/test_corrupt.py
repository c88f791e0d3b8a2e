"""Any bytes are a model or a `ModelFileError`: truncations, seeded mutations, headers that lie about their sizes."""

import contextlib
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bgnn_studio.core.spec import VARIANTS, NetworkSpec
from bgnn_studio.errors import KernelError, ModelFileError
from bgnn_studio.io.model_file import write_model
from bgnn_studio.native import Model
from tests.random_model import random_cloud, random_model, random_tensors, small_spec
from tests.requirements import ROOT, needs

CLOUD = random_cloud(7)
MAGIC = b"GGUF" + struct.pack("<I", 3)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the bytes of a small valid model."""
    return random_model(tmp_path_factory.mktemp("corrupt") / "m.gguf", small_spec(widths=(8, 16))).read_bytes()


def opens(data: bytes) -> bool:
    """Open and infer; anything but success and the documented errors fails the test (or ends the process)."""
    try:
        model = Model.from_bytes(data, "mutant")
    except ModelFileError as error:
        assert str(error).startswith("mutant: ")  # noqa: PT017
        return False
    with contextlib.suppress(KernelError):
        model.infer(CLOUD, k=3)
    return True


def header_size(data: bytes, tmp_path: Path) -> int:
    """Return where the tensor data starts."""
    (tmp_path / "m.gguf").write_bytes(data)
    return int(gguf.GGUFReader(tmp_path / "m.gguf").data_offset)


def test_every_truncation_is_refused(data: bytes, tmp_path: Path):
    header = header_size(data, tmp_path)
    tensors = gguf.GGUFReader(tmp_path / "m.gguf").tensors
    end = tensors[-1].data_offset + tensors[-1].n_bytes  # the padding after it may go
    inside = range(header, end, 37)
    for length in (*range(header), *inside, end - 1):
        assert not opens(data[:length]), length
    assert opens(data[:end])
    assert opens(data + b"more")


def mutants(data: bytes, header: int, count: int) -> Iterator[bytes]:
    """Yield `count` copies of `data` with one to three bytes, words or ranges changed."""
    rng = np.random.default_rng(20)
    awkward = [0, 1, 2, 13, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1]
    for _ in range(count):
        mutant = bytearray(data)
        for _ in range(rng.integers(1, 4)):
            at = int(rng.integers(0, header if rng.random() < 0.8 else len(data) - 8))
            match rng.integers(0, 5):
                case 0:
                    mutant[at] ^= 1 << int(rng.integers(0, 8))
                case 1:
                    mutant[at] = int(rng.integers(0, 256))
                case 2:
                    mutant[at : at + 8] = struct.pack("<Q", awkward[rng.integers(0, len(awkward))])
                case 3:
                    mutant[at : at + 4] = struct.pack("<I", awkward[rng.integers(0, 9)])
                case 4:
                    source = int(rng.integers(0, len(data) - 16))
                    mutant[at : at + 16] = data[source : source + 16]
        yield bytes(mutant)


def test_mutants_open_or_are_refused(data: bytes, tmp_path: Path):
    opened = sum(opens(m) for m in mutants(data, header_size(data, tmp_path), 4000))
    # Some mutants must get past the reader, or nothing behind it was tried.
    assert 100 < opened < 3000


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=400))
def test_any_bytes_are_refused(tail: bytes):
    assert not opens(tail)
    assert not opens(MAGIC + tail)
    assert not opens(MAGIC + struct.pack("<QQ", 1, 1) + tail)


def string(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


def test_headers_that_lie_about_their_sizes(data: bytes):
    huge = (2**31, 2**32, 2**60, 2**61 + 1, 2**63, 2**64 - 1)
    for size in huge:
        cases = {
            "tensors": MAGIC + struct.pack("<QQ", size, 1) + data[24:],
            "keys": MAGIC + struct.pack("<QQ", 1, size) + data[24:],
            "key length": MAGIC + struct.pack("<QQQ", 0, 1, size) + b"x" * 100,
            "text length": MAGIC + struct.pack("<QQ", 0, 1) + string(b"a") + struct.pack("<IQ", 8, size) + b"x" * 100,
            "numbers": MAGIC + struct.pack("<QQ", 0, 1) + string(b"a") + struct.pack("<IIQ", 9, 10, size) + b"x" * 100,
            "texts": MAGIC + struct.pack("<QQ", 0, 1) + string(b"a") + struct.pack("<IIQ", 9, 8, size) + bytes(100),
            "tensor name": MAGIC + struct.pack("<QQ", 1, 0) + struct.pack("<Q", size) + b"x" * 100,
            "columns": MAGIC + struct.pack("<QQ", 1, 0) + string(b"t") + struct.pack("<IQIQ", 1, size, 0, 0) + bytes(100),
            "rows": MAGIC + struct.pack("<QQ", 1, 0) + string(b"t") + struct.pack("<IQQIQ", 2, 4, size, 0, 0) + bytes(100),
            "offset": MAGIC + struct.pack("<QQ", 1, 0) + string(b"t") + struct.pack("<IQIQ", 1, 4, 0, size // 32 * 32) + bytes(100),
        }
        for name, case in cases.items():
            assert not opens(case), (name, size)


def refusal(data: bytes) -> str:
    """Return the message with which `data` is refused."""
    with pytest.raises(ModelFileError) as caught:
        Model.from_bytes(data, "m")
    return str(caught.value)


def test_other_versions_of_gguf_and_byte_orders(data: bytes):
    assert "GGUF version 2, this library reads version 3" in refusal(data[:4] + struct.pack("<I", 2) + data[8:])
    assert "a big-endian GGUF file" in refusal(data[:4] + struct.pack(">I", 3) + data[8:])


def entries(*keys: bytes, tensors: int = 0) -> bytes:
    return MAGIC + struct.pack("<QQ", tensors, len(keys)) + b"".join(keys)


def test_keys_that_no_model_has():
    u32 = struct.pack("<II", 4, 7)
    assert "key 'a' is there twice" in refusal(entries(string(b"a") + u32, string(b"b") + u32, string(b"a") + u32))
    assert "key 'a' has the unknown value type 13" in refusal(entries(string(b"a") + struct.pack("<II", 13, 0)))
    nested = struct.pack("<IIQ", 9, 9, 1) + struct.pack("<IQI", 4, 1, 7)
    assert "key 'a' has the unknown value type 9" in refusal(entries(string(b"a") + nested))
    assert "the name of a key is empty" in refusal(entries(string(b"") + u32))
    assert "holds a zero" in refusal(entries(string(b"a\0b") + u32))
    for alignment in (0, 1, 4, 12, 2**21):
        case = entries(string(b"general.alignment") + struct.pack("<II", 4, alignment))
        assert "key 'general.alignment' must be a power of two from 8" in refusal(case)


def test_a_file_of_another_architecture():
    llama = string(b"general.architecture") + struct.pack("<I", 8) + string(b"llama")
    assert "key 'general.architecture' must be 'bgnn': this is a GGUF file of something else" in refusal(entries(llama))


def tensor(name: bytes, columns: int, offset: int, kind: int = 0) -> bytes:
    return string(name) + struct.pack("<IQIQ", 1, columns, kind, offset)


def test_tensors_that_no_model_has():
    def case(*tensors: bytes) -> str:
        return refusal(entries(tensors=len(tensors)) + b"".join(tensors) + bytes(512))

    assert "tensor 'a' is there twice" in case(tensor(b"a", 4, 0), tensor(b"a", 4, 32))
    assert "tensor 'b' is out of place" in case(tensor(b"a", 9, 0), tensor(b"b", 4, 32))
    assert "tensor 'a' is out of place" in case(tensor(b"a", 4, 4))
    assert "tensor 'a' has type 1, tensors of a model are F32, I32 or I64" in case(tensor(b"a", 4, 0, kind=1))
    assert "tensor 'a' has an impossible shape" in case(tensor(b"a", 0, 0))
    assert "tensor 'a' has 3 dimensions" in case(string(b"a") + struct.pack("<IQQQIQ", 3, 1, 1, 1, 0, 0))
    assert "tensor 'a' ends beyond it" in case(tensor(b"a", 4000, 0))
    assert "the name of a tensor is empty, too long" in case(tensor(b"n" * 65, 4, 0))


def edited(
    path: Path, changes: dict[str, object], *, tensors: dict[str, np.ndarray | None] | None = None, spec: NetworkSpec | None = None
) -> bytes:
    """Return a valid small model with keys replaced (value, type, item type), or dropped (None); the same for tensors."""
    spec = spec or small_spec()
    write_model(path, spec, random_tensors(spec))
    reader = gguf.GGUFReader(path)
    writer = gguf.GGUFWriter(None, "bgnn")
    types = gguf.GGUFValueType
    for key, field in reader.fields.items():
        if key.startswith(("GGUF.", "general.")) or key in changes:
            continue
        writer.add_key_value(key, field.contents(), field.types[0], field.types[-1] if field.types[0] is types.ARRAY else None)
    for key, change in changes.items():
        if change is not None:
            writer.add_key_value(key, *change)
    for t in reader.tensors:
        values = (tensors or {}).get(t.name, np.array(t.data))
        if values is not None:
            writer.add_tensor(t.name, values)
    for name in set(tensors or {}) - {t.name for t in reader.tensors}:
        writer.add_tensor(name, tensors[name])
    writer.write_header_to_file(path)
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


U32, I32, TEXT, F32, ARRAY = (getattr(gguf.GGUFValueType, t) for t in ("UINT32", "INT32", "STRING", "FLOAT32", "ARRAY"))


@pytest.mark.parametrize(
    ("key", "change", "words"),
    [
        ("format_version", (2, U32), "the file has format version 2, this library knows versions up to 1. Update bgnn-studio"),
        ("format_version", (0, U32), "must be an integer of at least 1"),
        ("format_version", None, "must be an integer of at least 1"),
        ("stage", ("tanh", TEXT), "tensor 'conv1.weight' is of type I64, layer 'conv1' needs F32"),
        ("stage", ("sign", TEXT), "tensor 'conv1.weight' is of type I64, layer 'conv1' needs F32"),
        ("stage", ("teacher", TEXT), "'teacher' with EdgeConv, 'tanh', 'sign' or 'binary' with the others"),
        ("stage", ("bin", TEXT), "one of: teacher tanh sign binary"),
        ("conv", ("EdgeConv BinEdgeConv", TEXT), "one of: EdgeConv BinEdgeConv XorEdgeConv"),
        ("conv", ("EdgeConv", TEXT), "key 'bgnn.stage' must be 'teacher' with EdgeConv"),
        ("conv", ("BinEdgeConv", TEXT), "key 'bgnn.edge_op' must be 'xor' or 'cat' with XorEdgeConv, 'diff' with the others"),
        ("conv", (3, U32), "one of: EdgeConv"),
        ("edge_op", ("diff", TEXT), "'xor' or 'cat' with XorEdgeConv"),
        ("max_order", ("", TEXT), "one of: after_norm before_norm"),
        ("points", (0, U32), "an integer from 1 to 16777216"),
        ("points", (8, I32), "an integer from 1 to"),
        ("k", (2**32 - 1, U32), "an integer from 1 to 65536"),
        ("k", None, "an integer from 1 to 65536"),
        ("embedding", ((70,), ARRAY, U32), "an integer from 1 to"),
        ("widths", ((1,) * 9, ARRAY, U32), "an array of 1 to 8 integers"),
        ("widths", (16, U32), "an array of 1 to 8 integers"),
        ("widths", ((16, 0, 64), ARRAY, U32), "an array of integers from 1 to 65536"),
        ("widths", ((16, 32), ARRAY, U32), "layer 'embedding' needs 1"),
        ("head", ((24,), ARRAY, U32), "an array of 2 integers"),
        ("classes", ((1, 2, 3), ARRAY, U32), "an array of 1 to 4096 class names"),
        ("classes", (("a",) * 4097, ARRAY, TEXT), "an array of 1 to 4096 class names"),
        ("classes", (("a", "b"), ARRAY, TEXT), "tensor 'linear3.weight' has 3 rows, layer 'linear3' needs 2"),
        ("variant", None, "key 'bgnn.variant' must be a string"),
        ("training.seed", (1.0, F32), "an integer"),
        ("training.dataset", (3, U32), "a string"),
        ("accuracy.overall", (float("nan"), F32), "a fraction from 0 to 1"),
        ("accuracy.class_mean", (1.5, F32), "a fraction from 0 to 1"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_wrong_key_is_named(key: str, change: tuple | None, words: str, tmp_path: Path):
    assert words in refusal(edited(tmp_path / "m.gguf", {f"bgnn.{key}": change}))


def words64(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.int64)


def with_value(name: str, value: float) -> dict[str, np.ndarray]:
    """Return one tensor of the small bf2 with its last value replaced."""
    values = random_tensors(small_spec())[name].copy()
    values.reshape(-1)[-1] = value
    return {name: values.view(np.int64) if values.dtype == np.uint64 else values}


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"conv2.weight": words64(32, 3)}, "tensor 'conv2.weight' has 3 words per row, layer 'conv2' needs 1. Export the model again."),
        ({"conv2.weight": words64(31, 1)}, "tensor 'conv2.weight' has 31 rows, layer 'conv2' needs 32. Export the model again."),
        ({"conv2.weight": np.zeros((32, 1), np.float32)}, "tensor 'conv2.weight' is of type F32, layer 'conv2' needs I64"),
        ({"conv3.scale": np.zeros(63, np.float32)}, "tensor 'conv3.scale' has 63 values per row, layer 'conv3' needs 64"),
        ({"conv3.hit_low": np.zeros(64, np.float32)}, "tensor 'conv3.hit_low' is of type F32, layer 'conv3' needs I32"),
        ({"linear1.flip": None}, "tensor 'linear1.flip' is missing"),
        ({"conv3.table": np.zeros((64, 65), np.float32)}, "the file has more than the 44 tensors of such a model"),
        (with_value("linear3.weight", np.inf), "tensor 'linear3.weight' holds values that are not finite"),
        (with_value("linear1.threshold", np.nan), "tensor 'linear1.threshold' holds values that are not finite"),
        (with_value("conv1.weight", 64), "tensor 'conv1.weight' has pad bits that are not 0"),
        (with_value("embedding.weight", 2**63), "tensor 'embedding.weight' has pad bits that are not 0"),
        (with_value("linear2.flip", 2**24), "tensor 'linear2.flip' has pad bits that are not 0"),
        (with_value("conv2.hit_low", -1), "'conv2.hit_low' or 'conv2.hit_span' is out of range at channel 31 (-1, "),
        (with_value("conv2.hit_low", 34), "'conv2.hit_low' or 'conv2.hit_span' is out of range at channel 31"),
        (with_value("conv2.hit_span", -(2**31)), "is out of range at channel 31"),
        (with_value("conv2.hit_span", 2**31 - 1), "is out of range at channel 31"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else "",
)
def test_a_wrong_tensor_is_named(tensors: dict[str, np.ndarray | None], words: str, tmp_path: Path):
    assert words in refusal(edited(tmp_path / "m.gguf", {}, tensors=tensors))


@pytest.mark.parametrize(
    ("model", "changes", "tensors", "words"),
    [
        (("rf", "tanh"), {"stage": ("sign", TEXT)}, {}, "tensor 'conv2.threshold' is missing"),
        (("rf", "sign"), {"stage": ("tanh", TEXT)}, {}, "the file has more than the 34 tensors of such a model"),
        (("rf", "sign"), {}, {"conv2.flip": np.full((1, 1), 1 << 40)}, "tensor 'conv2.flip' has pad bits that are not 0"),
        (("rf", "tanh"), {}, {"conv1.pre_gain": np.full(6, np.nan, np.float32)}, "'conv1.pre_gain' holds values that are not finite"),
        (("bf1", "sign"), {}, {"conv2.weight": words64(32, 1)}, "tensor 'conv2.weight' is of type I64, layer 'conv2' needs F32"),
        (("bf1", "tanh"), {}, {"conv2.hit_low": np.zeros(32, np.int32)}, "the file has more than the 34 tensors"),
        (("bf1", "sign"), {}, {"conv3.weight": np.zeros((64, 63), np.float32)}, "has 63 values per row, layer 'conv3' needs 64"),
        (("bfr", "sign"), {"widths": ((16, 33, 64), ARRAY, U32)}, {}, "multiples, each of the one before"),
    ],
)
def test_a_wrong_stage_is_named(model: tuple[str, str], changes: dict, tensors: dict, words: str, tmp_path: Path):
    keys = {f"bgnn.{key}": change for key, change in changes.items()}
    assert words in refusal(edited(tmp_path / "m.gguf", keys, tensors=tensors, spec=small_spec(model[0], stage=model[1])))


def test_an_edited_model_is_still_a_model(tmp_path: Path):
    """The editor itself changes nothing, so the refusals above have the cause that they name."""
    assert opens(edited(tmp_path / "m.gguf", {}))
    assert opens(edited(tmp_path / "m.gguf", {"bgnn.training.dataset": ("x", TEXT), "other.key": ((1, 2), ARRAY, U32)}))
    assert opens(edited(tmp_path / "m.gguf", {}, tensors=with_value("linear1.threshold", -np.inf)))


SANITIZED = ["-std=c11", "-O1", "-g", "-ffp-contract=off", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-pthread"]
NATIVE = ROOT / "native"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Compile the library under the address and undefined-behaviour sanitizers; return its objects."""
    needs("cc")
    folder = tmp_path_factory.mktemp("library")
    sources = sorted((NATIVE / "src").glob("*.c"))
    subprocess.run([shutil.which("cc"), *SANITIZED, f"-I{NATIVE / 'include'}", "-c", *sources], cwd=folder, check=True)
    return sorted(folder.glob("*.o"))


def linked(output: Path, library: list[Path], *sources: Path) -> Path:
    """Compile a program with the library."""
    includes = [f"-I{NATIVE / name}" for name in ("include", "src", "runner")]
    subprocess.run([shutil.which("cc"), *SANITIZED, *includes, *sources, *library, "-o", output, "-lm"], check=True)
    return output


@pytest.fixture(scope="module")
def model_fuzz(library: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the fuzzer of model files."""
    return linked(tmp_path_factory.mktemp("fuzz") / "model_fuzz", library, NATIVE / "tests" / "model_fuzz.c")


@pytest.mark.parametrize(
    ("variant", "stage"),
    [("dgcnn", "teacher"), *((v, "binary") for v in VARIANTS[1:]), ("rf", "tanh"), ("rf", "sign"), ("bf2", "sign"), ("bfr", "tanh")],
)
def test_mutants_under_sanitizers(variant: str, stage: str, model_fuzz: Path, tmp_path: Path):
    path = random_model(tmp_path / "m.gguf", small_spec(variant, stage=stage, widths=(8, 16), embedding=33, head=(9, 7)))
    # No mutant may ask for more than a few times the file: the largest allocation is bounded too.
    environment = {"ASAN_OPTIONS": "max_allocation_size_mb=1:allocator_may_return_null=0"}
    done = subprocess.run([model_fuzz, path, "4000", "1"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    opened = int(done.stdout.split()[0])
    assert 100 < opened < 3000


def test_the_runners_clouds_under_sanitizers(library: list[Path], tmp_path: Path):
    others = [source for source in sorted((NATIVE / "runner").glob("*.c")) if source.name != "main.c"]  # cloud_fuzz.c includes that one
    fuzz = linked(tmp_path / "cloud_fuzz", library, *others, NATIVE / "tests" / "cloud_fuzz.c")
    path = random_model(tmp_path / "m.gguf", small_spec(widths=(8, 16)))
    done = subprocess.run([fuzz, path, tmp_path / "cloud", "4000", "1"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read, inferred = int(done.stdout.split()[0]), int(done.stdout.split()[5])
    assert 3000 < read < 4000
    assert 1000 < inferred < read
