"""What is said of this machine, against what the system's own tools say."""

import json
import os
import subprocess
import sys

from bgnn_studio.core.machine import cores, peak_resident_bytes, this_machine


def test_facts_are_json_and_name_the_machine_the_same_each_time() -> None:
    first, second = this_machine(), this_machine()
    assert first.name == second.name
    assert json.loads(json.dumps(first.facts))["cpu"] in first.name
    assert first.facts["cores"] == cores() >= 1


def test_a_process_pinned_to_one_core_has_one() -> None:
    code = "import os\nfrom bgnn_studio.core.machine import cores\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\nprint(cores())"
    if hasattr(os, "sched_setaffinity"):
        assert subprocess.check_output([sys.executable, "-c", code], text=True) == "1\n"


PEAK = """
import numpy as np
from bgnn_studio.core.machine import peak_resident_bytes
before = peak_resident_bytes()
block = np.ones(before + (64 << 20), np.uint8)  # more than the process ever held together
held = peak_resident_bytes()
del block
print(before, held, peak_resident_bytes())
"""


def test_the_peak_follows_what_the_process_holds() -> None:
    if peak_resident_bytes() is not None:  # in a process of its own: this one may be large
        before, held, after = map(int, subprocess.check_output([sys.executable, "-c", PEAK], text=True).split())
        assert before + (64 << 20) <= held < 2 * before + (128 << 20)
        assert abs(after - held) < 1 << 20  # the kernel counts in batches
