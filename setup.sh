#!/bin/sh
# setup.sh run|test|bench-arm: make sure of the system libraries. Installs what is missing where it is root on a Debian-like
# system; elsewhere prints the one command. Nothing is asked of the network when nothing is missing.
set -eu
python=${PYTHON:-python3}
missing=

lacks_library() { ! PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | grep -q "$1"; }
lacks_program() { ! command -v "$1" >/dev/null 2>&1; }
need() { missing="$missing $1"; }

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "bgnn-studio needs Python 3.11 or newer as '$python' (make PYTHON=python3.12 run takes another)." >&2
  exit 1
fi

if [ "$(uname -s)" = Linux ]; then
  lacks_program cc && need gcc
  lacks_program cc && need libc6-dev
  "$python" -c 'import ensurepip, venv' 2>/dev/null || need python3-venv
  "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' || need python3-dev
  lacks_library libGL.so.1 && need libgl1
  lacks_library libEGL.so.1 && need libegl1
  lacks_library libglib-2.0.so.0 && need libglib2.0-0
  lacks_library libdbus-1.so.3 && need libdbus-1-3
  lacks_library libfontconfig.so.1 && need libfontconfig1
  lacks_library libxkbcommon.so.0 && need libxkbcommon0
  lacks_library libxkbcommon-x11.so.0 && need libxkbcommon-x11-0
  lacks_library libxcb-cursor.so.0 && need libxcb-cursor0
  lacks_library libxcb-icccm.so.4 && need libxcb-icccm4
  lacks_library libxcb-keysyms.so.1 && need libxcb-keysyms1
  lacks_library libxcb-shape.so.0 && need libxcb-shape0
  find /usr/share/fonts "$HOME/.fonts" "$HOME/.local/share/fonts" -name '*.[ot]tf' 2>/dev/null | grep -q . || need fonts-dejavu-core
  if [ "$1" != run ]; then
    # The NEON kernels are cross-compiled and run under qemu.
    lacks_program qemu-aarch64 && need qemu-user
    lacks_program aarch64-linux-gnu-gcc && need gcc-aarch64-linux-gnu
    [ -e /usr/aarch64-linux-gnu/include/stdio.h ] || need libc6-dev-arm64-cross
    lacks_program arm-linux-gnueabihf-gcc && need gcc-arm-linux-gnueabihf
    [ -e /usr/arm-linux-gnueabihf/include/stdio.h ] || need libc6-dev-armhf-cross
  fi
  if [ "$1" = bench-arm ]; then
    lacks_program llvm-mca && need llvm
    lacks_program llvm-objdump && need llvm
  elif [ "$1" = test ]; then
    lacks_program Xvfb && need xvfb
    lacks_program xauth && need xauth
    # Boards are SSH servers on the loopback interface.
    [ -x /usr/sbin/sshd ] || need openssh-server
    [ -x /usr/sbin/dropbear ] || need dropbear-bin
    lacks_program ssh-agent && need openssh-client
  fi
fi

[ -n "$missing" ] || exit 0
if lacks_program apt-get; then
  echo "These libraries are missing (Debian's names):$missing. Install them with your package manager, then call make again." >&2
  exit 1
elif [ "$(id -u)" = 0 ]; then
  echo "Installing:$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q -o DPkg::Lock::Timeout=300 update >/dev/null
  # shellcheck disable=SC2086
  apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $missing >/dev/null
else
  echo "System libraries are missing. Run this, then call make again:" >&2
  echo "  sudo apt-get install -y --no-install-recommends$missing" >&2
  exit 1
fi
