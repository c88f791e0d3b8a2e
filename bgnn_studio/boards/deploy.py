"""Files brought to a board: into the first folder that takes them and may run them, each once, named by its SHA-256."""

import hashlib
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from bgnn_studio.boards.shell import Shell, call
from bgnn_studio.boards.shipped import architecture_of, emulated_architecture, shipped_runner
from bgnn_studio.errors import LinkLostError, RemoteError

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
_SURVEY = "; ".join(('printf \'machine:%s %s\\n\' "$(uname -s)" "$(uname -m)"', *(_MAKE.format(folder) for folder in FOLDERS), "true"))
_PUT = (
    'umask 077; p={part}; trap \'rm -f "$p"\' EXIT; trap "exit 1" HUP INT TERM; '
    'cat > "$p" && [ "$(wc -c < "$p")" -eq {size} ] && chmod 700 "$p" && mv -f "$p" {path}'
)
NOT_EXECUTABLE, NOT_FOUND = 126, 127
Upload = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Survey:
    """A board before anything is brought: its `uname`, and folders that may be written, the best first."""

    system: str
    machine: str
    folders: tuple[str, ...]


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


async def survey(shell: Shell) -> Survey:
    """Ask a board what it is and where files may go; lines of a talkative profile are passed over."""
    output = (await call(shell, _SURVEY)).output
    found = re.search(r"^machine:(\S+) (\S+)$", output, re.MULTILINE)
    if found is None:
        raise RemoteError(f"{shell.name}: expected a POSIX shell (uname gave {output.strip()[:80]!r}). Log in as a user with one.")
    return Survey(found[1], found[2], tuple(re.findall(r"^folder:(/.*)$", output, re.MULTILINE)))


async def settle(shell: Shell, prefix: Sequence[str], upload: Upload) -> Place:
    """Bring the runner to the first folder where it starts, under the launch prefix; raises `RemoteError` where there is none."""
    board = await survey(shell)
    runner = shipped_runner(emulated_architecture(prefix) or architecture_of(board.system, board.machine))
    reasons = []
    for folder in board.folders:
        place = Place(folder, runner.architecture, runner.sha256, board.machine)
        try:
            await bring(shell, place, {"bgnn-runner": runner.data}, upload)
            await _try(shell, prefix, place.runner)
        except LinkLostError:
            raise
        except _UnusableFolderError as error:
            reasons.append(str(error))
            await call(shell, f"rm -f {shlex.quote(place.runner)}; rmdir {shlex.quote(folder)} 2>/dev/null; true")
        else:
            return place
    why = "; ".join(reasons) or "no folder may be written"
    raise RemoteError(
        f"{shell.name}: the runner can be placed nowhere ({why}). Free space in the home folder, or mount one that may hold programs."
    )


async def bring(shell: Shell, place: Place, files: Mapping[str, bytes], upload: Upload) -> None:
    """Upload files that are not there yet with the same content; `upload` gets a file's name, the bytes sent and those to send."""
    paths = {what: place.path(data) for what, data in files.items()}
    sums = (await call(shell, f"sha256sum {shlex.join(paths.values())} 2>/dev/null", check=False)).output
    there = {name for digits, name in re.findall(r"^(\w{64})  (/.*)$", sums, re.MULTILINE) if name.endswith(f"/{digits}")}
    for what, data in files.items():
        path = paths[what]
        if path in there:
            continue
        command = _PUT.format(part=shlex.quote(f"{path}.{uuid4().hex[:8]}.part"), size=len(data), path=shlex.quote(path))
        done = await call(shell, command, data=data, progress=partial(upload, what), check=False)
        if done.ending.status != 0:
            raise _UnusableFolderError(f"{place.folder}: {what} of {len(data):,} bytes could not be written ({done.errors or done.ending})")


async def clean(shell: Shell) -> None:
    """Remove what was ever brought to a board."""
    await call(shell, f'for d in {" ".join(FOLDERS)}; do [ -h "$d" ] || [ ! -O "$d" ] || rm -rf "$d"; done')


class _UnusableFolderError(RemoteError):
    """A folder that takes no file, or runs none."""


async def _try(shell: Shell, prefix: Sequence[str], path: str) -> None:
    """Start the runner for nothing but its help."""
    done = await call(shell, f"exec {shlex.join([*prefix, path])} --help", check=False)
    if done.ending.status == 0 and "bgnn-runner" in done.output:
        return
    reason = done.errors or str(done.ending)
    if done.ending.status == NOT_EXECUTABLE:
        raise _UnusableFolderError(f"{path.rpartition('/')[0]}: no program may run there ({reason})")
    if done.ending.status == NOT_FOUND:
        raise RemoteError(
            f"{shell.name}: the launch prefix {shlex.join(prefix)!r} does not start ({reason}). Install it there, or mend it."
        )
    raise RemoteError(f"{shell.name}: the runner does not start ({reason}). Check the launch prefix and the machine.")
