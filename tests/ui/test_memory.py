"""The Memory panel in the real window: every figure, its source and its formula."""

import re

from bgnn_studio.core.machine import peak_resident_bytes
from bgnn_studio.core.memory import activation_memory, parameter_memory
from bgnn_studio.core.units import size_text
from bgnn_studio.ui.main_window import MainWindow


def test_totals_are_labelled_and_explained(loaded: MainWindow) -> None:
    model, inference, panel = loaded.session.model, loaded.session.inference, loaded.inspect.memory
    bars = {bar.label: bar for bar in panel.bars.bars}
    kept = [a for a in activation_memory(model.spec, 200, model.spec.k) if a.kept]
    expected = {
        "Parameters, float32": (sum(p.float32.bytes for p in parameter_memory(model.spec)), "computed"),
        "Parameters, packed": (model.tensor_bytes, "computed"),
        "Model file": (model.path.stat().st_size, "measured"),
        "Prepared": (model.prepared_bytes, "measured"),
        "Activations, float32": (sum(a.float32.bytes for a in kept), "computed"),
        "Activations, packed": (sum(a.packed.bytes for a in kept), "computed"),
        "Arena": (inference.arena_bytes, "measured"),
    }
    assert {label: bar.total for label, bar in bars.items()} == {label: size for label, (size, _) in expected.items()}
    for label, (size, source) in expected.items():
        assert bars[label].tip.startswith(f"{label}: {size:,} bytes, {source}")
        assert bars[label].figure == size_text(size)
    assert "layer2 graph: 200 points × 5 neighbours × 4 bytes" in bars["Activations, packed"].tip


def test_the_peak_of_the_process_is_measured_and_its_meaning_said(loaded: MainWindow) -> None:
    peak = loaded.inspect.memory.peak
    if peak_resident_bytes() is not None:
        size, unit = re.search(r"([\d.]+) ([MG]iB) resident \(measured\)", peak.text()).groups()
        assert 50 < float(size) * {"MiB": 1, "GiB": 1024}[unit] <= 1.005 * peak_resident_bytes() / 2**20  # three digits
        assert "this whole process has held at once" in peak.toolTip()


def test_layers_add_up_to_the_totals(loaded: MainWindow) -> None:
    panel, model = loaded.inspect.memory, loaded.session.model
    totals = {bar.label: bar.total for bar in panel.bars.bars}
    panel.show_page("layers")
    bars = panel.bars.bars
    assert [bar.label for bar in bars] == ["Layer 1", "Layer 2", "Layer 3", "Embedding", "Head"]
    assert sum(bar.total for bar in bars) == totals["Parameters, packed"] + totals["Activations, packed"]
    assert sum(bar.segments[0].value for bar in bars) == model.tensor_bytes
    for bar in bars:
        for segment in bar.segments:
            assert f"{segment.value:,} bytes, computed\n" in segment.tip
            assert "in float32: " in segment.tip
    panel.show_page("all")
    assert {bar.label: bar.total for bar in panel.bars.bars} == totals
