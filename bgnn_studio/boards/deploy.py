"""Files brought to a board: into the first folder that takes them and may run them, each once, named by its SHA-256."""

import hashlib
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from bgnn_studio.boards.shell import Shell, call
from bgnn_studio.boards.shipped import architecture_of, emulated_architecture, shipped_runner
from bgnn_studio.errors import RemoteError

FOLDERS = (
    '"$HOME/.cache/bgnn-studio"',
    '"/tmp/bgnn-studio-$(id -u)"',
    '"/var/tmp/bgnn-studio-$(id -u)"',
    '"/dev/shm/bgnn-studio-$(id -u)"',
)
# A folder of another user (anybody may make one in /tmp) or behind a link is not taken. What a cut link left behind goes after an hour.
_MAKE = (
    'd={}; if mkdir -p "$d" 2>/dev/null && [ ! -h "$d" ] && [ -O "$d" ] && [ -w "$d" ] && chmod 700 "$d"; '
    "then find \"$d\" -name '*.part' -mmin +60 -exec rm -f {{}} + 2>/dev/null; printf 'folder:%s\\n' \"$d\"; fi"
)
_UNAME = 'printf "machine:%s %s\\n" "$(uname -s)" "$(uname -m)"'
_PUT = (
    'umask 077; p={part}; trap \'rm -f "$p"\' EXIT; trap "exit 1" HUP INT TERM; '
    'cat > "$p" && [ "$(wc -c < "$p")" -eq {size} ] && chmod 700 "$p" && mv -f "$p" {path}'
)
NOT_EXECUTABLE, NOT_FOUND = 126, 127
UPLOAD_S = 120.0  # for 64 KiB, and for what is on its way at the end: slow links are served
Upload = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Place:
    """Where the runner runs: its folder, its architecture and SHA-256, and the machine's own `uname -m`."""

    folder: str
    architecture: str
    runner_sha256: str
    machine: str

    @property
    def runner(self) -> str:
        """Where the runner is."""
        return f"{self.folder}/{self.runner_sha256}"

    def path(self, data: bytes) -> str:
        """Return where a file of this content is."""
        return f"{self.folder}/{hashlib.sha256(data).hexdigest()}"


async def settle(shell: Shell, prefix: Sequence[str], upload: Upload) -> Place:
    """Bring the runner to the first folder where it starts, under the launch prefix; raises `RemoteError` where there is none."""
    system, machine = await _uname(shell)
    runner = shipped_runner(emulated_architecture(prefix) or architecture_of(system, machine))
    reasons = []
    for wanted in FOLDERS:
        if (folder := await _make_folder(shell, wanted)) is None:
            continue
        place = Place(folder, runner.architecture, runner.sha256, machine)
        try:
            await bring(shell, place, [("bgnn-runner", runner.data)], upload)
            await _try(shell, prefix, place.runner)
        except _UnusableFolderError as error:
            reasons.append(f"{folder}: {error.reason}")
            await call(shell, f"rm -f {shlex.quote(place.runner)}; rmdir {shlex.quote(folder)} 2>/dev/null; true")
        else:
            return place
    why = "; ".join(reasons) or "no folder may be written"
    raise RemoteError(
        f"{shell.name}: the runner can be placed nowhere ({why}). Free space in the home folder, or mount one that may hold programs."
    )


async def _uname(shell: Shell) -> tuple[str, str]:
    """Ask a board what it is; lines of a talkative profile are passed over."""
    output = (await call(shell, _UNAME)).output
    found = re.search(r"^machine:(\S+) (\S+)$", output, re.MULTILINE)
    if found is None:
        raise RemoteError(f"{shell.name}: expected a POSIX shell (uname gave {output.strip()[:80]!r}). Log in as a user with one.")
    return found[1], found[2]


async def _make_folder(shell: Shell, wanted: str) -> str | None:
    """Make a folder, named in the shell's words, for this user alone; return its path, or None where there can be none."""
    found = re.search(r"^folder:(/.*)$", (await call(shell, _MAKE.format(wanted))).output, re.MULTILINE)
    return found and found[1]


async def bring(shell: Shell, place: Place, files: Sequence[tuple[str, bytes]], upload: Upload) -> None:
    """Upload named files that are not there yet with the same content; raises `RemoteError` when one cannot be written.

    `upload` gets a file's name, the bytes sent and those to send.
    """
    paths = [place.path(data) for _, data in files]
    sums = (await call(shell, f"sha256sum {shlex.join(paths)} 2>/dev/null", check=False)).output
    there = {name for digits, name in re.findall(r"^(\w{64})  (/.*)$", sums, re.MULTILINE) if name.endswith(f"/{digits}")}
    for (what, data), path in zip(files, paths, strict=True):
        if path in there:
            continue
        command = _PUT.format(part=shlex.quote(f"{path}.{uuid4().hex[:8]}.part"), size=len(data), path=shlex.quote(path))
        done = await call(shell, command, data=data, progress=partial(upload, what), timeout_s=UPLOAD_S, check=False)
        if done.ending.status != 0:
            reason = f"{what} of {len(data):,} bytes could not be written ({done.errors or done.ending})"
            raise _UnusableFolderError(shell.name, place.folder, reason)


async def clean(shell: Shell) -> None:
    """Remove what was ever brought to a board."""
    await call(shell, f'for d in {" ".join(FOLDERS)}; do [ -h "$d" ] || [ ! -O "$d" ] || rm -rf "$d"; done')


class _UnusableFolderError(RemoteError):
    """A folder that takes no file, or runs none, and why."""

    def __init__(self, name: str, folder: str, reason: str) -> None:
        super().__init__(f"{name}: {folder}: {reason}. Free some space there.")
        self.reason = reason


async def _try(shell: Shell, prefix: Sequence[str], path: str) -> None:
    """Start the runner for nothing but its help."""
    done = await call(shell, f"exec {shlex.join([*prefix, path])} --help", check=False)
    if done.ending.status == 0 and "bgnn-runner" in done.output:
        return
    reason = done.errors or str(done.ending)
    if done.ending.status == NOT_EXECUTABLE:
        raise _UnusableFolderError(shell.name, path.rpartition("/")[0], f"no program may run there ({reason})")
    if done.ending.status == NOT_FOUND and prefix:
        raise RemoteError(
            f"{shell.name}: the launch prefix {shlex.join(prefix)!r} does not start ({reason}). Install it there, or mend it."
        )
    raise RemoteError(f"{shell.name}: the runner does not start ({reason}). Check the launch prefix and the machine.")
