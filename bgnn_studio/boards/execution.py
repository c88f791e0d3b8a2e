"""One run of bgnn-runner on a board: started, its lines read as they come, ended whatever happens."""

import asyncio
import shlex
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from bgnn_studio.boards.deploy import NOT_EXECUTABLE, Place
from bgnn_studio.boards.messages import Failure, Message, Noise, Result, Stopped, parse_line
from bgnn_studio.boards.shell import Ending, Process, Shell, collect, stop
from bgnn_studio.boards.task import Task
from bgnn_studio.errors import LinkLostError, RemoteError

SILENCE_S = 15.0  # the runner says something every second
LONGEST_LINE = 8 << 20  # a result with 100,000 samples has 1 MB
MOST_NOISE = 1 << 16  # bytes
ENDING_S = 5.0
SAID = 200  # characters of a stranger's words in a message
STOPPED = 3  # its status then; it says why where somebody reads
SIGNALS = 128  # a shell's status for a killed child is above it


async def execute(shell: Shell, place: Place, task: Task, on_message: Callable[[Message], None], silence_s: float = SILENCE_S) -> None:
    """Run a task whose files are in place; every line goes to `on_message`, the last one is a `Result`.

    Cancelling it ends the process on the board.

    Raises
    ------
    LinkLostError
        The link broke.
    RemoteError
        Nothing that the runner would say came for `silence_s` seconds; it refused its input, was killed, or ended without a result.
    """
    model, cloud = place.path(task.model_data), place.path(task.cloud_data)
    command = [*task.settings.prefix, place.runner, "--model", model, "--cloud", cloud, "--watch-stdin"]
    process = await shell.start(f"exec {shlex.join([*command, *task.settings.arguments()])}")
    errors = asyncio.ensure_future(collect(process.read_errors))
    last: Message | None = None
    said = ""
    try:
        async for message in _messages(shell.name, process, silence_s):
            on_message(message)
            if isinstance(message, Noise):
                said = message.text
            else:
                last = message
        ending = await _ended(shell.name, process)
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                said = (await errors).decode(errors="replace") or said
    finally:
        errors.cancel()
        await stop(process)
    said = " ".join(said.split())[-SAID:]
    if isinstance(last, Result) and ending.status == 0:
        return
    if isinstance(last, Failure):
        raise RemoteError(f"{shell.name}: {last.message}")
    reason = "the runner was stopped" if ending.status == STOPPED else f"the runner ended without a result, {ending}"
    reason += f" by {last.reason}" if isinstance(last, Stopped) else ""
    killed = ending.signal is not None or (ending.status or 0) > SIGNALS
    advice = "Its memory may be full" if killed else "Check the launch prefix"
    if ending.status == NOT_EXECUTABLE:
        advice = "Its folder may have lost the right to run programs"
    raise RemoteError(f"{shell.name}: {reason}{f' ({said})' if said else ''}. {advice}; then run again.")


async def _ended(name: str, process: Process) -> Ending:
    """Return how a process ended whose output has."""
    try:
        async with asyncio.timeout(ENDING_S):
            ending = await process.wait()
    except TimeoutError as error:
        raise RemoteError(f"{name}: the runner's output ended, but it did not. Check the board.") from error
    if not ending.known:
        raise LinkLostError(f"{name}: the link broke during the run. Check the board and the network.")
    return ending


async def _messages(name: str, process: Process, silence_s: float) -> AsyncIterator[Message]:
    """Give the lines until the output ends."""
    loop = asyncio.get_running_loop()
    rest, noise, heard = b"", 0, loop.time()
    while True:
        try:
            async with asyncio.timeout_at(heard + silence_s):
                chunk = await process.read()
        except TimeoutError as error:
            raise RemoteError(
                f"{name}: the runner said nothing for {silence_s:g} s. Check the board; it may hang, or be out of memory."
            ) from error
        *lines, rest = (rest + chunk).split(b"\n")
        if not chunk and rest:
            lines, rest = [rest], b""
        for line in lines:
            message = parse_line(line.decode(errors="replace"))
            if isinstance(message, Noise):
                noise += len(line) + 1
            else:
                heard = loop.time()
            yield message
        if noise > MOST_NOISE or len(rest) > LONGEST_LINE:
            raise RemoteError(
                f"{name}: expected the lines of bgnn-runner (got {noise + len(rest):,} bytes of something else). Check the launch prefix."
            )
        if not chunk:
            return
