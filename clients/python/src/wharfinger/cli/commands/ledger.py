"""`wharfinger ledger`: a task's ledger, grouped by what is known of each thing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from wharfinger import LedgerEntry, LedgerEntryState
from wharfinger.cli import completing, jsonout
from wharfinger.cli.abbreviations import named
from wharfinger.cli.options import Asked, command
from wharfinger.cli.tables import groups
from wharfinger.cli.terminal import echo
from wharfinger.report import money_words, notes_on, place_of

# What somebody has to look at comes first.
MEANINGS = {
    LedgerEntryState.UNDO_FAILED: "undoing failed, it may exist",
    LedgerEntryState.UNCERTAIN: "nobody can tell whether it exists",
    LedgerEntryState.MISSING: "existed; the provider says it is gone",
    LedgerEntryState.UNKNOWN: "this client is too old to know that state",
    LedgerEntryState.INTENDED: "about to be made",
    LedgerEntryState.UNDOING: "being undone",
    LedgerEntryState.CREATED: "exists",
    LedgerEntryState.RETAINED: "exists, and is no longer the task's",
    LedgerEntryState.FORGOTTEN: "given up, perhaps it exists",
    LedgerEntryState.UNDONE: "made and undone",
    LedgerEntryState.NOT_CREATED: "was not made",
}
ADOPTED = "was there before, and is never undone"
TITLES = ("ID", "KEY", "TYPE", "WHERE", "HOURLY", "WHY")


@command(short_help="List a task's ledger: what it made, and what is uncertain.")
@click.argument("task", shell_complete=completing.tasks)
@click.option("--filter", "text", metavar="FILTER", default="", help='Such as: state = UNCERTAIN AND type = "object"')
def ledger(asked: Asked, task: str, text: str) -> None:
    """List the ledger of TASK: everything it made, was about to make, adopted or undid, grouped by its state.

    Ids are those of the provider. Within a group, and with --output json altogether, the order is that of intent.
    """
    with asked.client() as client:
        told = list(client.ledger(named(client, task).name, text))
    if asked.json:
        jsonout.document(jsonout.plain(told))
    elif told:
        tell_ledger(told)
    else:
        echo("there are no such entries" if text else "the task made nothing so far", err=True)


def tell_ledger(told: Sequence[LedgerEntry]) -> None:
    """Print entries of a ledger, at least one, grouped by their state."""
    parts = _parts(told)
    used = [n for n in range(len(TITLES)) if any(row[n] for _, _, rows in parts for row in rows)]
    shown = [(word, meaning, [[row[n] for n in used] for row in rows]) for word, meaning, rows in parts]
    groups([TITLES[n] for n in used], shown)


def _parts(told: Iterable[LedgerEntry]) -> list[tuple[str, str, Sequence[Sequence[str]]]]:
    rows: dict[tuple[LedgerEntryState, bool], list[Sequence[str]]] = {}
    for entry in told:
        adopted = entry.state is LedgerEntryState.CREATED and not entry.owned
        hourly = money_words(entry.hourly) if entry.hourly is not None else ""
        row = (entry.external_id or "-", entry.key, entry.type, place_of(entry), hourly, "; ".join(notes_on(entry)))
        rows.setdefault((entry.state, adopted), []).append(row)
    ordered = [(state, adopted) for state in MEANINGS for adopted in (False, True) if (state, adopted) in rows]
    return [
        (
            f"{state}, not owned" if adopted else state.value,
            ADOPTED if adopted else MEANINGS[state],
            rows[state, adopted],
        )
        for state, adopted in ordered
    ]
