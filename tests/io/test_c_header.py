"""A model as a C header: a program that has nothing else gives the logits of the file."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from bgnn_studio.commands.convert import convert_model
from bgnn_studio.errors import BgnnError, ModelFileError
from bgnn_studio.native import Model
from tests.random_model import random_cloud, random_model, small_spec
from tests.requirements import ROOT, needs

PROGRAM = """
#include "bgnn.h"
#include "my_model.h"
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    static float xyz[32 * 3], logits[3];
    char message[BGNN_MESSAGE_SIZE];
    bgnn_model *model;
    if (fread(xyz, sizeof xyz, 1, stdin) != 1) return 2;
    if (bgnn_model_open_memory(bgnn_my_model, sizeof bgnn_my_model, &model, message)) return 3;
    size_t size = (bgnn_arena_size(model, 32, 5, 1) + 63) / 64 * 64;
    void *arena = aligned_alloc(64, size);
    bgnn_status status = bgnn_forward(model, xyz, 32, 5, 1, arena, size, logits, NULL, message);
    bgnn_model_close(model);
    free(arena);
    return status || fwrite(logits, sizeof logits, 1, stdout) != 1;
}
"""


def test_a_program_infers_on_the_embedded_bytes(tmp_path: Path) -> None:
    needs("cc")
    model = random_model(tmp_path / "m.gguf", small_spec("bf2"))
    assert "bgnn_my_model" in convert_model(model, tmp_path / "my model.h")
    (tmp_path / "my model.h").rename(tmp_path / "my_model.h")
    (tmp_path / "main.c").write_text(PROGRAM)
    native = ROOT / "native"
    sources = [tmp_path / "main.c", *sorted((native / "src").glob("*.c"))]
    flags = ["-std=c11", "-O1", "-ffp-contract=off", "-Wall", "-Werror", "-Wno-unknown-pragmas", f"-I{native / 'include'}"]
    subprocess.run(["cc", *flags, *sources, "-o", tmp_path / "firmware", "-lm", "-pthread"], check=True)
    cloud = random_cloud(32)
    done = subprocess.run([tmp_path / "firmware"], input=cloud.tobytes(), capture_output=True, check=True)
    np.testing.assert_array_equal(np.frombuffer(done.stdout, np.float32), Model.open(model).infer(cloud, k=5).logits)


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    model = random_model(tmp_path / "m.gguf", small_spec())
    with pytest.raises(BgnnError, match=r"m\.txt: a model becomes a checkpoint \(\.pt, \.pth, \.t7\), ONNX \(\.onnx\) or a C header"):
        convert_model(model, tmp_path / "m.txt")
    with pytest.raises(ModelFileError, match="could not write the header"):
        convert_model(model, tmp_path / "absent" / "m.h")
    model.write_bytes(model.read_bytes()[:500])
    with pytest.raises(ModelFileError, match="cut short"):
        convert_model(model, tmp_path / "m.h")
    assert not (tmp_path / "m.h").exists()
