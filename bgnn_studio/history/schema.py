"""The tables of the history, as the steps from each version to the next; a new file takes all of them.

A released step never changes: another layout is one more step. ``user_version`` of the file is the number of steps taken.
"""

import sqlite3

APPLICATION_ID = 0x42474E4E  # "BGNN": says whose file it is

STEPS: tuple[tuple[str, ...], ...] = (
    (
        # The blob stands last: a list that leaves it out does not read its pages.
        """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            time TEXT NOT NULL,
            kind TEXT NOT NULL,
            engine TEXT NOT NULL,
            badge TEXT NOT NULL,
            model_name TEXT NOT NULL,
            variant TEXT NOT NULL,
            model_sha256 TEXT NOT NULL,
            cloud TEXT NOT NULL,
            points INTEGER NOT NULL,
            k INTEGER NOT NULL,
            threads INTEGER NOT NULL,
            isa TEXT NOT NULL,
            machine TEXT NOT NULL,
            n INTEGER NOT NULL,
            p50_ns REAL NOT NULL,
            p90_ns REAL NOT NULL,
            p99_ns REAL NOT NULL,
            min_ns REAL NOT NULL,
            low_ns REAL,
            high_ns REAL,
            checksum TEXT,
            notes TEXT NOT NULL,
            machine_facts TEXT NOT NULL,
            details TEXT NOT NULL,
            samples_ns BLOB NOT NULL
        )
        """,
        "CREATE INDEX runs_by_time ON runs (time)",
        "CREATE INDEX runs_by_model ON runs (model_sha256, machine)",
        """
        CREATE TABLE layers (
            run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            layer INTEGER NOT NULL,
            name TEXT NOT NULL,
            p50_ns REAL NOT NULL,
            macs INTEGER,
            bit_ops INTEGER,
            PRIMARY KEY (run, layer)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE steps (
            run INTEGER NOT NULL,
            layer INTEGER NOT NULL,
            step INTEGER NOT NULL,
            name TEXT NOT NULL,
            p50_ns REAL NOT NULL,
            PRIMARY KEY (run, layer, step),
            FOREIGN KEY (run, layer) REFERENCES layers (run, layer) ON DELETE CASCADE
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE tags (
            run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            tag TEXT NOT NULL,
            PRIMARY KEY (run, tag)
        ) WITHOUT ROWID
        """,
    ),
    (
        # Only of runs where they were counted. A column of `runs` would stand after the blob.
        """
        CREATE TABLE instructions (
            run INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
            per_pass INTEGER NOT NULL
        )
        """,
    ),
)


def version(connection: sqlite3.Connection) -> int:
    """Return the number of steps that a file has taken."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def is_foreign(connection: sqlite3.Connection) -> bool:
    """Whether the file is a database of another program."""
    filled = connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None  # first: another process may make it meanwhile
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    return owner != APPLICATION_ID and (owner != 0 or filled)


def migrate(connection: sqlite3.Connection) -> None:
    """Take the steps that are left, all or none, in the transaction that the caller began."""
    for step in STEPS[version(connection) :]:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(STEPS)}")
