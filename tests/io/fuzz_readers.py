"""Mutation fuzz of the cloud readers: `python -m tests.io.fuzz_readers --files 10000` prints executions and findings of each.

Real files of every kind (tests/data/clouds) get bytes changed, cut, doubled, spliced or replaced by words that break arithmetic. Each must
be a cloud, whose attributes can be shown, or a `ReaderError` of one line, in 10 s of CPU time and 256 MiB of address space on top of what
reading the real files took. A process per kind: one that dies is a finding too, and the next one goes on behind it. Files of
findings are kept.
"""

import argparse
import multiprocessing
import os
import resource
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # read when numpy loads
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402

from bgnn_studio.core.views import attribute_view  # noqa: E402
from bgnn_studio.errors import ReaderError  # noqa: E402
from bgnn_studio.io.readers import read_cloud, supported_extensions  # noqa: E402
from bgnn_studio.io.readers.registry import find_reader  # noqa: E402

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized, SynchronizedArray

FILES = [(p.suffix, p.read_bytes()) for p in sorted((Path(__file__).parents[1] / "data" / "clouds").iterdir())]
SUFFIXES = ("", *supported_extensions())
CPU_SECONDS, ROOM_BYTES = 10, 1 << 28
NUMBERS = (0, 1, 2, 127, 255, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)
WORDS = (
    *(b"-1", b"0", b"nan", b"1e999", b"999999999999", b"\0", b"\n", b" ", b"list", b"end_header", b"uchar", b"face", b"(3,)"),
    *(number.to_bytes(width, order) for number in NUMBERS for width in (2, 4, 8) for order in ("little", "big") if number < 256**width),
)


def samples() -> dict[str, list[bytes]]:
    """Return the real files of each kind of reader."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for suffix, content in FILES:
        reader = find_reader(content, suffix)
        assert reader is not None
        found[reader.kind].append(content)
    return found


def mutate(rng: np.random.Generator, content: bytes) -> bytes:  # noqa: PLR0911
    """Change some bytes once; half of the time near the start, where headers are."""
    end = len(content) + 1 if rng.random() < 0.5 else min(len(content), 200) + 1
    at, to = sorted(int(i) for i in rng.integers(end, size=2))
    match int(rng.integers(8)):
        case 0:
            return content[:at] + bytes([int(rng.integers(256))]) + content[at + 1 :]
        case 1:
            return content[:at]
        case 2:
            return content[:at] + content[to:]
        case 3:
            return content[:to] + content[at:]
        case 4 | 5:
            word = WORDS[int(rng.integers(len(WORDS)))]
            return content[:at] + word + content[at + (len(word) if rng.random() < 0.7 else int(rng.integers(3))) :]
        case 6:
            return content[:at] + bytes([content[at] ^ 1 << int(rng.integers(8))]) + content[at + 1 :] if at < len(content) else content
        case _:
            return content[:at] + FILES[int(rng.integers(len(FILES)))][1][at:]


def mutants(kind: str, files: range, seed: int) -> Iterator[tuple[int, bytes, str]]:
    """Yield number, content and suffix of damaged files of a kind; the same for the same seed and number."""
    own = samples()[kind]
    for number in files:
        rng = np.random.default_rng([seed, number])
        content = own[int(rng.integers(len(own)))]
        for _ in range(int(rng.integers(1, 4))):
            content = mutate(rng, content)
        yield number, content, SUFFIXES[int(rng.integers(len(SUFFIXES)))]


def outcome(path: Path, content: bytes) -> str:
    """Return ``cloud``, ``refused``, or what is wrong with how this content was read."""
    path.write_bytes(content)
    try:
        cloud = read_cloud(path)
        for found in cloud.attributes:
            colours = attribute_view(found.name, found, len(cloud.points))  # as the window and render show it
            if not np.isfinite(colours.value_range).all():
                return f"a scale without an end: {found.name}"
    except ReaderError as error:
        if isinstance(error.__cause__, MemoryError):
            return f"{len(content)} bytes asked for more than {ROOM_BYTES >> 20} MiB"
        return "refused" if str(error).startswith(f"{path}: ") and "\n" not in str(error) else f"no line that names the file: {error!r}"
    except Exception as error:  # noqa: BLE001  (that is what is looked for)
        return f"{type(error).__name__}: {error}"
    return "cloud" if cloud.points.shape[1:] == (3,) and np.isfinite(cloud.points).all() else "an invalid cloud"


def _work(kind: str, files: range, seed: int, folder: Path, shared: "tuple[Synchronized[int], SynchronizedArray[int]]") -> None:
    """Read the damaged files; shared: the number of the file, and counts that reached the reader of this kind, clouds, findings."""
    at, counts = shared
    for suffix, content in FILES:
        outcome(folder / f"warm{suffix}", content)
    room = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + ROOM_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    for number, content, suffix in mutants(kind, files, seed):
        at.value = number
        path = folder / f"cloud{suffix}"
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)  # unhandled, SIGPROF ends the process
        came = outcome(path, content)
        reader = find_reader(content, suffix)
        counts[0] += reader is not None and reader.kind == kind
        counts[1] += came == "cloud"
        if came not in ("cloud", "refused"):
            counts[2] += 1
            kept = path.replace(folder / f"finding-{kind.replace(' ', '_')}-{number}{suffix}")
            print(f"FINDING {kept}: {came}", flush=True)
    signal.setitimer(signal.ITIMER_PROF, 0)


def fuzz(kind: str, files: int, seed: int, folder: Path) -> tuple[int, int, int]:
    """Damage and read `files` files of a kind; return how many reached its reader, how many were clouds, and findings."""
    fork = multiprocessing.get_context("fork")
    at, counts, start = fork.Value("q", 0), fork.Array("q", 3), 0
    while start < files:
        at.value = start
        process = fork.Process(target=_work, args=(kind, range(start, files), seed, folder, (at, counts)))
        process.start()
        process.join()
        if process.exitcode == 0:
            break
        start = at.value + 1
        counts[2] += 1
        _, content, suffix = next(mutants(kind, range(at.value, start), seed))
        kept = folder / f"finding-{kind.replace(' ', '_')}-{at.value}{suffix}"
        kept.write_bytes(content)
        print(f"FINDING {kept}: the process ended with {process.exitcode}", flush=True)
    return counts[0], counts[1], counts[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz every reader; return 1 where there were findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.io.fuzz_readers", description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=1000, help="damaged files for each reader (default: 1000)")
    parser.add_argument("--only", action="append", choices=sorted(samples()), help="a reader, repeatable; default: all")
    parser.add_argument("--seed", type=int, default=1, help="of the damage (default: 1)")
    parser.add_argument("--keep", type=Path, help="folder for the files of findings; default: a new temporary one")
    options = parser.parse_args(arguments)
    folder = options.keep or Path(tempfile.mkdtemp(prefix="bgnn-fuzz-"))
    print("reader               files   reached it    clouds  findings   seconds")
    findings = 0
    for kind in options.only or samples():
        start = time.perf_counter()
        reached, clouds, wrong = fuzz(kind, options.files, options.seed, folder)
        print(f"{kind:<18} {options.files:>7} {reached:>12} {clouds:>9} {wrong:>9} {time.perf_counter() - start:>9.0f}", flush=True)
        findings += wrong
    return int(findings > 0)


if __name__ == "__main__":
    raise SystemExit(main())
