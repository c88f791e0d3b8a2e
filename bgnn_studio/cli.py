"""The command line: `bgnn-studio COMMAND` runs `commands/COMMAND.py`, and imports no other command, so that start-up stays fast."""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module

from bgnn_studio import __version__
from bgnn_studio.commands import COMMANDS
from bgnn_studio.errors import BgnnError

EXIT_ERROR, EXIT_INTERRUPTED, EXIT_BROKEN_PIPE = 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code: 0, 1 (doctor found problems), 2 (an error, in one line), 130 (Ctrl-C)."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # libraries' own; PYTHONWARNINGS brings them back
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        if not given or (given[0] not in COMMANDS and given[0] not in ("-h", "--help", "--version")):
            given.insert(0, "open")
        options = _parser(given[0]).parse_args(given)
        code: int = options.run(options)
        print(end="", flush=True)  # an output that cannot be written fails here, not at exit
    except KeyboardInterrupt:
        return _fail("interrupted.", EXIT_INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has left
        _drop_output()
        return EXIT_BROKEN_PIPE
    except BgnnError as error:
        message = str(error)
    except OSError as error:  # commands turn those of their files into BgnnError: what is left is our own output
        _drop_output()
        message = f"The output could not be written ({error.strerror}). Free some space, or send it elsewhere."
    except ImportError as error:
        message = f"A library could not be loaded ({error}). 'bgnn-studio doctor' names what is missing."
    except MemoryError:
        message = "Not enough memory. Use fewer points (--points)."
    else:
        return code
    return _fail(message)


def _drop_output() -> None:
    """Let the interpreter's last flush go nowhere: it would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int = EXIT_ERROR) -> int:
    print(f"bgnn-studio: {' '.join(message.split())}", file=sys.stderr)
    return code


def _parser(chosen: str) -> argparse.ArgumentParser:
    """Return the parser of all commands, with the arguments of the chosen one."""
    parser = argparse.ArgumentParser(
        prog="bgnn-studio",
        description="Inspect, compare and measure Binary Graph Neural Networks on point clouds. Without a command: the window.",
        epilog="bgnn-studio [CLOUD ...] [MODEL ...] opens the window on these files; 'bgnn-studio COMMAND --help' explains a command.",
    )
    parser.add_argument("--version", action="version", version=f"bgnn-studio {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if name == chosen:
            module = import_module(f"bgnn_studio.commands.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser
