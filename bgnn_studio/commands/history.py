"""`bgnn-studio history`: the stored runs: list, show, compare, export, tag, delete."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from bgnn_studio.commands import history_text
from bgnn_studio.commands.arguments import positive
from bgnn_studio.commands.inputs import write_file
from bgnn_studio.core.spec import VARIANTS
from bgnn_studio.errors import BgnnError
from bgnn_studio.history import BADGES, KINDS, Filter, History
from bgnn_studio.history.comparison import Comparison, compare
from bgnn_studio.history.export import FORMATS, as_csv, as_dict, as_json, as_markdown, entry_dict

LISTED = 20


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the actions of the command."""
    command.epilog = "The file is history.sqlite3 in your data folder, or what BGNN_HISTORY names."
    actions = command.add_subparsers(metavar="ACTION", dest="action")
    everything = actions.add_parser("list", help="the newest runs (the default)")
    _add_filter(everything)
    everything.add_argument("--limit", type=positive, default=LISTED, metavar="N", help=f"at most N runs (default: {LISTED})")
    show = actions.add_parser("show", help="one run: conditions, percentiles, layers")
    show.add_argument("id", type=positive)
    against = actions.add_parser("compare", help="run B against run A: difference of the medians with its interval")
    against.add_argument("a", type=positive, metavar="A")
    against.add_argument("b", type=positive, metavar="B")
    export = actions.add_parser("export", help="runs as JSON (every sample), CSV or Markdown")
    export.add_argument("ids", type=positive, nargs="*", metavar="ID", help="default: all that the filters leave")
    _add_filter(export)
    export.add_argument("--format", choices=FORMATS, help="default: what the file's name ends in, else json")
    export.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: standard output")
    tag = actions.add_parser("tag", help="give tags and notes to runs, or take tags away")
    tag.add_argument("ids", type=positive, nargs="+", metavar="ID")
    tag.add_argument("--add", action="append", default=[], metavar="TAG", help="repeatable")
    tag.add_argument("--remove", action="append", default=[], metavar="TAG", help="repeatable")
    tag.add_argument("--note", metavar="TEXT", help="replaces the notes")
    delete = actions.add_parser("delete", help="delete runs")
    delete.add_argument("ids", type=positive, nargs="+", metavar="ID")
    for action in (command, everything, show, against, tag, delete):  # an export has formats
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="write JSON")


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    history, as_json_ = History(), getattr(options, "json", False)
    action = options.action or "list"
    said = {"list": _list, "show": _show, "compare": _compare, "export": _export, "tag": _tag, "delete": _delete}[action]
    text = said(history, options, as_json_)
    if text:
        print(text, end="" if text.endswith("\n") else "\n")
    return 0


def _add_filter(action: argparse.ArgumentParser) -> None:
    action.add_argument("--model", metavar="NAME", help="name, or the beginning of the file's sha256 (8 digits or more)")
    action.add_argument("--variant", choices=VARIANTS)
    action.add_argument("--kind", choices=KINDS)
    action.add_argument("--badge", choices=BADGES)
    action.add_argument("--machine", metavar="NAME", help="as the list shows it")
    action.add_argument("--tag", metavar="TAG")


def _filter(options: argparse.Namespace) -> Filter:
    names = ("model", "variant", "kind", "badge", "machine", "tag")
    return Filter(**{name: getattr(options, name, None) for name in names})


def _list(history: History, options: argparse.Namespace, as_json_: bool) -> str:
    entries = history.entries(_filter(options), getattr(options, "limit", LISTED))
    if as_json_:
        return json.dumps([entry_dict(entry) for entry in entries], indent=2)
    return history_text.listed(entries, history.path)


def _show(history: History, options: argparse.Namespace, as_json_: bool) -> str:
    record = history.get(options.id)
    return json.dumps(as_dict(record), indent=2) if as_json_ else history_text.shown(record)


def _compare(history: History, options: argparse.Namespace, as_json_: bool) -> str:
    found = compare(history.get(options.a), history.get(options.b))
    return _comparison_json(found) if as_json_ else history_text.compared(found)


def _comparison_json(found: Comparison) -> str:
    names = {"absolute": "p50_difference_ns", "absolute_interval": "interval_ns", "ratio": "ratio", "ratio_interval": "ratio_interval"}
    return json.dumps(
        {
            "a": entry_dict(found.a.entry),
            "b": entry_dict(found.b.entry),
            **{names[name]: value for name, value in asdict(found.difference).items()},
            "difference_shown": found.difference.shown,
            "conditions_that_differ": found.conditions,
            "same_output": found.same_output,
            "verdict": found.verdict,
        },
        indent=2,
    )


def _export(history: History, options: argparse.Namespace, _as_json: bool) -> str:
    suffix = "" if options.output is None else options.output.suffix.removeprefix(".").lower()
    kind = options.format or (suffix if suffix in FORMATS else "json")
    wanted = options.ids or [entry.id for entry in history.entries(_filter(options))]
    records = [history.get(identity) for identity in wanted]
    entries = [record.entry for record in records]
    text = as_json(records) if kind == "json" else as_csv(entries) if kind == "csv" else as_markdown(entries)
    if options.output is None:
        return text
    write_file(options.output, lambda file: file.write(text.encode()))
    return f"{options.output}: {len(records)} run{'s' * (len(records) != 1)}"


def _tag(history: History, options: argparse.Namespace, as_json_: bool) -> str:
    if not options.add and not options.remove and options.note is None:
        raise BgnnError("Expected something to change (got none). Give --add TAG, --remove TAG or --note TEXT.")
    if options.add:
        history.tag(options.ids, options.add)
    if options.remove:
        history.untag(options.ids, options.remove)
    if options.note is not None:
        for identity in options.ids:
            history.annotate(identity, options.note)
    entries = [history.get(identity).entry for identity in options.ids]
    return json.dumps([entry_dict(entry) for entry in entries], indent=2) if as_json_ else history_text.listed(entries, history.path)


def _delete(history: History, options: argparse.Namespace, as_json_: bool) -> str:
    history.delete(options.ids)
    if as_json_:
        return json.dumps({"deleted": options.ids})
    return f"deleted {', '.join(f'run {identity}' for identity in options.ids)}"
