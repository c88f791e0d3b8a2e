"""The error family: every message says what was expected, what was got, where, and what to do."""


class BgnnError(Exception):
    """An error whose message is meant for the user: shown as it is, in the window or on the command line."""


class ModelFileError(BgnnError):
    """A model or checkpoint file that cannot be used."""


class ReaderError(BgnnError):
    """A point-cloud file that cannot be read."""


class SessionFileError(BgnnError):
    """A session file that cannot be written, or read."""


class KernelError(BgnnError):
    """A refusal of the native library.

    Parameters
    ----------
    status : int
        The `bgnn_status` returned.
    operation : str
        What was asked for, e.g. ``"forward"``.
    text : str
        The library's own words.
    """

    def __init__(self, status: int, operation: str, text: str) -> None:
        super().__init__(f"{operation}: {text}")
        self.status = status
        self.operation = operation


class HistoryError(BgnnError):
    """The run history cannot be read or written."""


class RemoteError(BgnnError):
    """A board that cannot be reached or used, or a run on it that failed."""


class LinkLostError(RemoteError):
    """The connection to a board broke, or went silent: connecting again may help."""
