"""Generate the cffi API-mode binding from the public headers: they are the only place where the C contract is written.

Usage: ``python binding.py bgnn.h [MORE.h] _bgnn.c``
"""

import re
import sys
from pathlib import Path

from cffi import FFI


def declarations(header: str) -> str:
    """Return what cffi parses: integer macros and declarations, without includes, guards and the C++ wrapper."""
    body = re.search(r'extern "C" \{\n#endif\n(.*)#ifdef __cplusplus', header, re.DOTALL)
    if body is None:
        sys.exit('Expected a header to hold one extern "C" block (found none).')
    lines = (line for line in body[1].splitlines() if not line.startswith("#") or re.fullmatch(r"#define \w+ \d+", line))
    return "\n".join(lines)


def main() -> None:
    """Write the C source of the extension module."""
    *headers, output = map(Path, sys.argv[1:])
    ffi = FFI()
    for header in headers:
        ffi.cdef(declarations(header.read_text(encoding="utf-8")))
    ffi.set_source("bgnn_studio.native._bgnn", "\n".join(f'#include "{header.name}"' for header in headers), py_limited_api=True)
    ffi.emit_c_code(str(output))


if __name__ == "__main__":
    main()
