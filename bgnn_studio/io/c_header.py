"""A model file as a C header, for firmware that links the native library and has no file system."""

import hashlib
import re
from pathlib import Path

from bgnn_studio.core.files import replacing
from bgnn_studio.errors import ModelFileError

_BYTES_A_LINE = 24


def write_c_header(path: Path, data: bytes, described: str) -> str:
    """Write the bytes of a model file as a constant array; return the array's name, which comes of the file's.

    Parameters
    ----------
    path : Path
        Where to write, usually ``*.h``.
    data : bytes
        The whole model file.
    described : str
        What it is, for the comment at the top.

    Raises
    ------
    ModelFileError
        The file cannot be written.
    """
    name = "bgnn_" + re.sub(r"[^0-9a-z]+", "_", path.stem.lower())
    lines = (",".join(map(str, data[at : at + _BYTES_A_LINE])) for at in range(0, len(data), _BYTES_A_LINE))
    text = (
        f"/* {described.replace('*/', '* /')}; SHA-256 {hashlib.sha256(data).hexdigest()}.\n"
        f"   Open it with bgnn_model_open_memory({name}, sizeof {name}, &model, message) of bgnn.h, which copies it. */\n"
        f"#ifndef {name.upper()}_H\n#define {name.upper()}_H\n\n"
        f"static const unsigned char {name}[{len(data)}] = {{\n" + ",\n".join(lines) + "};\n\n#endif\n"
    )
    try:
        with replacing(path) as file:
            file.write(text.encode("ascii", errors="replace"))
    except OSError as error:
        raise ModelFileError(f"{path}: could not write the header ({error.strerror}). Choose another folder.") from error
    return name
