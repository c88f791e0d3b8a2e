"""`python -m tests.boards.arm_board` (make test-board): an emulated arm64 machine with a kernel and dropbear of its own, as a board.

Made of Debian's own arm64 packages, which apt downloads once into build/board; nothing is installed and no root is needed. The
machine has no thermal zones, no cpufreq and no performance counters: what its sensors do not say must be shown as unknown.
"""

import asyncio
import gzip
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bgnn_studio.boards.board import Board, LinkLost, Run
from bgnn_studio.boards.messages import Heartbeat
from bgnn_studio.boards.shell import call
from bgnn_studio.boards.target import Target
from bgnn_studio.boards.task import Settings, Task, prepare
from bgnn_studio.core.clouds import preprocess
from bgnn_studio.core.resources import bundled_clouds, bundled_models
from bgnn_studio.core.units import size_text
from bgnn_studio.io.readers import read_cloud
from tests.boards.servers import Answers, Events, free_port, host_keys, new_key
from tests.requirements import ROOT

FOLDER = ROOT / "build" / "board"
USERLAND = ("busybox-static", "dropbear-bin", "libtomcrypt1", "libtommath1", "libcrypt1", "libgmp10", "libc6", "zlib1g")
# virtio before virtio_ring lacks its symbols.
MODULES = (
    *("drivers/virtio/virtio_ring", "drivers/virtio/virtio", "drivers/virtio/virtio_mmio", "net/core/failover"),
    *("drivers/net/net_failover", "drivers/net/virtio_net", "drivers/char/hw_random/virtio-rng"),
)
APT = """APT::Architecture "arm64";
APT::Architectures {{ "arm64"; }};
APT::Sandbox::User "";
Dir::State "{0}/state";
Dir::State::status "{0}/status";
Dir::Cache "{0}/cache";
"""
INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
mkdir -p /dev/pts; mount -t devpts pts /dev/pts
for m in {modules}; do insmod /lib/modules/$m.ko; done; sleep 1
ifconfig lo 127.0.0.1 up; ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up; route add default gw 10.0.2.2
dropbear -r /etc/dropbear/host_key -E -s -p 22
exec sh -c 'while :; do sleep 3600; done'
"""


def download() -> Path:
    """Fetch the packages with apt's own checks into a folder of their own; return it."""
    debs = FOLDER / "debs"
    if (debs / "complete").exists():
        return debs
    for part in ("apt/state/lists/partial", "apt/cache/archives/partial", "debs"):
        (FOLDER / part).mkdir(parents=True, exist_ok=True)
    (FOLDER / "apt" / "status").touch()
    (FOLDER / "apt.conf").write_text(APT.format(FOLDER / "apt"))
    environment = {**os.environ, "APT_CONFIG": str(FOLDER / "apt.conf")}
    subprocess.run(["apt-get", "-qq", "update"], env=environment, check=True)
    depends = subprocess.check_output(["apt-cache", "depends", "linux-image-cloud-arm64"], env=environment, text=True)
    kernel = next(line.split()[1] for line in depends.splitlines() if "Depends: linux-image-" in line)
    subprocess.run(["apt-get", "-qq", "download", kernel, *USERLAND], cwd=debs, env=environment, check=True)
    (debs / "complete").touch()
    return debs


def build() -> tuple[Path, Path, Path]:
    """Return the kernel, an initial file system with a new host key, and the key that it accepts."""
    debs, root, kernel = download(), FOLDER / "root", FOLDER / "kernel"
    subprocess.run(["rm", "-rf", root, kernel], check=True)
    for deb in sorted(debs.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", deb, kernel if deb.name.startswith("linux-image") else root], check=True)
    for part in ("proc", "sys", "dev", "tmp", "etc/dropbear", "root/.ssh", "lib/modules", "sbin"):
        (root / part).mkdir(parents=True, exist_ok=True)
    for module in MODULES:
        (source,) = kernel.glob(f"lib/modules/*/kernel/{module}.ko")
        (root / "lib" / "modules" / source.name).write_bytes(source.read_bytes())
    for name in ("id", "id.pub"):
        (FOLDER / name).unlink(missing_ok=True)
    key = new_key(FOLDER / "id")
    (root / "root" / ".ssh" / "authorized_keys").write_bytes((FOLDER / "id.pub").read_bytes())
    subprocess.run(["dropbearkey", "-t", "ed25519", "-f", root / "etc/dropbear/host_key"], check=True, capture_output=True)
    for path, mode in ((root / "root", 0o700), (root / "root" / ".ssh", 0o700), (root / "root/.ssh/authorized_keys", 0o600)):
        path.chmod(mode)
    (root / "etc" / "passwd").write_text("root::0:0:root:/root:/bin/sh\n")
    (root / "etc" / "group").write_text("root:x:0:\n")
    (root / "etc" / "shells").write_text("/bin/sh\n")
    (root / "init").write_text(INIT.format(modules=" ".join(Path(module).name for module in MODULES)))
    (root / "init").chmod(0o755)
    initial = FOLDER / "initrd.gz"
    initial.write_bytes(gzip.compress(archive(root), 1))
    (image,) = kernel.glob("boot/vmlinuz-*")
    return image, initial, key


def archive(root: Path) -> bytes:
    """Return a tree as the kernel unpacks it: cpio's "newc" format (Linux, Documentation/driver-api/early-userspace/buffer-format.rst)."""
    entries = []
    for number, path in enumerate(sorted(root.rglob("*")), 1):
        name = path.relative_to(root).as_posix()
        if not name.startswith("usr/share"):
            data = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
            entries.append((number, path.lstat().st_mode, name, data))
    parts = []
    for number, mode, name, data in (*entries, (0, 0, "TRAILER!!!", b"")):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        parts += [head.ljust((len(head) + 3) // 4 * 4, b"\0"), data.ljust((len(data) + 3) // 4 * 4, b"\0")]
    return b"".join(parts)


@contextmanager
def booted() -> Iterator[Target]:
    """Boot the machine; it has answered on its port."""
    image, initial, key = build()
    port = free_port()
    command = [
        *("qemu-system-aarch64", "-M", "virt,gic-version=2", "-cpu", "cortex-a72", "-smp", "2", "-m", "512", "-nodefaults", "-no-reboot"),
        *("-display", "none", "-monitor", "none", "-serial", f"file:{FOLDER}/serial.log", "-kernel", str(image), "-initrd", str(initial)),
        *(
            "-append",
            "console=ttyAMA0 quiet panic=1 rdinit=/init",
            "-device",
            "virtio-net-device,netdev=n0",
            "-device",
            "virtio-rng-device",
        ),
        *("-netdev", f"user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:22"),
    ]
    (FOLDER / "ssh_config").touch()
    with subprocess.Popen(command) as machine:
        try:
            yield Target("board", "127.0.0.1", "root", port, key, config=FOLDER / "ssh_config")
        finally:
            machine.terminate()


async def first_board(target: Target, events: Events) -> Board:
    """Connect, once the machine is up."""
    for _ in range(100):
        with suppress(Exception):
            return await Board(target, host_keys(FOLDER / f"run-{os.getpid()}"), Answers(), events).__aenter__()
        await asyncio.sleep(1)
    raise SystemExit(f"The board did not come up:\n{(FOLDER / 'serial.log').read_text()}")


def tasks(repeat: int) -> list[Task]:
    """Return every bundled model on the first cloud."""
    points = preprocess(read_cloud(bundled_clouds()[0]).points, 128)
    return [prepare(path, "chair", points, Settings(repeat=repeat, threads=2)) for path in bundled_models()]


def show(run: Run) -> None:
    """Print a run, and stop at what is wrong with it."""
    result = run.result
    assert run.is_equal
    assert (run.badge, run.throttling.state, run.identity.machine, run.identity.isa) == ("emulated", "unknown", "aarch64", "neon")
    assert run.identity.cpus is not None
    assert run.identity.cpus[0].part == "0xd08"
    assert all(beat.frequencies is beat.temperatures is beat.throttled is None for beat in run.heartbeats)
    assert result.peak_rss_bytes is not None
    print(
        f"{run.task.model:6} {run.badge}, {run.identity.isa}: outputs equal ({result.checksum}), "
        f"peak {size_text(result.peak_rss_bytes)}, arena {size_text(result.arena_bytes)}, sensors absent"
    )


async def check(target: Target) -> None:
    """Profile every model, cancel a run, break a link."""
    events = Events()
    start = time.monotonic()
    board = await first_board(target, events)
    print(f"connected {time.monotonic() - start:.0f} s after power-on")
    async with board:
        for run in await board.run(tasks(3)):
            show(run)
        shell = await board._connected(1)
        (long, *_) = tasks(100_000)
        running = asyncio.ensure_future(board.run([long]))
        await events.until(Heartbeat, len(events.of(Heartbeat)) + 1)
        counting = "ps | grep -c '[m]odel /' || true"
        assert int((await call(shell, counting)).output) > 0
        running.cancel()
        await asyncio.wait([running])
        assert int((await call(shell, counting)).output) == 0
        print("cancelled: no process is left on the board")
        await call(shell, "(sleep 1; killall dropbear; dropbear -r /etc/dropbear/host_key -E -s -p 22) >/dev/null 2>&1 &")
        for run in await board.run(tasks(60)[:2]):
            show(run)
        assert events.of(LinkLost)
        print("link broken in the middle: taken up again")
        await board.clean()
        files = (await call(await board._connected(1), "find / -xdev -name 'bgnn*' 2>/dev/null; true")).output.split()
        assert files == [], files
        print("cleaned: no file is left on the board")


if __name__ == "__main__":
    with booted() as target:
        asyncio.run(asyncio.wait_for(check(target), 900))
    sys.exit(0)
