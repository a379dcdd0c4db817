"""`wharfinger budgets`: what projects may spend an hour, and what they do."""

from __future__ import annotations

from decimal import Decimal

import click

from wharfinger import Budget
from wharfinger.cli import jsonout
from wharfinger.cli.options import Asked, command
from wharfinger.cli.tables import table
from wharfinger.cli.terminal import echo


@command(short_help="Show what the project may spend an hour, and does.")
@click.option("--all-projects", is_flag=True, help="Of every project that the token opens.")
def budgets(asked: Asked, *, all_projects: bool) -> None:
    """Show what the project may spend an hour, and what is alive or on its way costs.

    What has no known price is in neither figure: `wharfinger ls --leftovers` counts it.
    """
    if all_projects and asked.project:
        raise click.UsageError("give either --project or --all-projects")
    with asked.client() as client:
        found = client.budgets(all_projects=all_projects)
    if asked.json:
        jsonout.document(jsonout.plain(found))
    elif found:
        table(("PROJECT", "CURRENCY", "USED", "OF", "LEFT"), [row for budget in found for row in _rows(budget)])
    else:
        echo("no budget is set; the server's operator sets one in [prices.budgets]", err=True)


def _rows(budget: Budget) -> list[tuple[str, ...]]:
    limits = {money.currency: money.amount for money in budget.hourly_limit}
    used = {money.currency: money.amount for money in budget.hourly_use}
    rows: list[tuple[str, ...]] = []
    for currency in sorted({*limits, *used}):
        use, limit = used.get(currency, Decimal(0)), limits.get(currency, Decimal(0))
        rows.append((budget.project, currency, f"{use:f}", f"{limit:f}", f"{limit - use:f}"))
    return rows
