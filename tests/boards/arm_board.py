"""An emulated arm64 machine with a kernel and dropbear of its own, as a board.

Made of Debian's own arm64 packages, which apt downloads once into build/board; nothing is installed and no root is needed. The
machine has no thermal zones and no cpufreq, and it counts instructions only where QEMU counts them itself (-icount).
"""

import gzip
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bgnn_studio.boards.target import Target
from tests.boards.servers import PASSWORD, free_port, hashed, new_key
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
USER = "ann"  # logs in with a password
INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
mkdir -p /dev/pts /dev/shm /var/tmp; mount -t devpts pts /dev/pts
mkdir -p /home/{user}; chown 1000:1000 /home/{user}
for m in {modules}; do insmod /lib/modules/$m.ko; done; sleep 1
ifconfig lo 127.0.0.1 up; ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up; route add default gw 10.0.2.2
dropbear -r /etc/dropbear/host_key -E -p 22
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
    (root / "etc" / "passwd").write_text(f"root:x:0:0:root:/root:/bin/sh\n{USER}:x:1000:1000::/home/{USER}:/bin/sh\n")
    (root / "etc" / "group").write_text(f"root:x:0:\n{USER}:x:1000:\n")
    (root / "etc" / "shadow").write_text(f"root:*:1::::::\n{USER}:{hashed(PASSWORD)}:1::::::\n")
    (root / "etc" / "shells").write_text("/bin/sh\n")
    (root / "init").write_text(INIT.format(modules=" ".join(Path(module).name for module in MODULES), user=USER))
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
def booted(*, counts: bool = False) -> Iterator[Target]:
    """Boot the machine, which takes some seconds; with an emulated clock that counts instructions, or with time as it passes."""
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
    command += ["-icount", "shift=1,align=off,sleep=off"] if counts else []
    (FOLDER / "ssh_config").touch()
    with subprocess.Popen(command) as machine:
        try:
            yield Target("board", "127.0.0.1", "root", port, key, config=FOLDER / "ssh_config")
        finally:
            machine.terminate()
