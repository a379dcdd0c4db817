"""Mistakes about money, and about what is asked for at times."""

from __future__ import annotations

from mistakes import Args, Driver, breaks

from wharfinger import errors


@breaks("estimate")
class Rounds(Driver):
    """Rounds to cents."""

    async def op_estimate(self, script: str, params: Args) -> Args:
        """Return rounded sums."""
        told = await super().op_estimate(script, params)
        return told | {"hourly": [money | {"amount": f"{float(money['amount']):.2f}"} for money in told["hourly"]]}


@breaks("schedule")
class PausesNothing(Driver):
    """Tells what was asked for, and asks for nothing."""

    async def op_schedule_pause(self, schedule: str) -> Args:
        """Return the schedule as it would be paused."""
        return await super().op_schedule_get(schedule) | {"paused": True}


@breaks("price")
class ReckonsInFloats(Driver):
    """Reckons in binary fractions."""

    async def op_price(self, provider: str, sku: str, region: str = "", unit: str = "", source: str = "") -> Args:
        """Return what a float of 32 bits makes of a price, where nobody says of which unit."""
        told = await super().op_price(provider, sku, region, unit, source)
        return told if unit else told | {"amount": f"{float(told['amount']):.17f}"}


@breaks("price_of_unit")
class TakesAnyUnit(Driver):
    """Takes the first of several prices, whatever they are for."""

    async def op_price(self, provider: str, sku: str, region: str = "", unit: str = "", source: str = "") -> Args:
        """Return the price of an hour where several fit."""
        return await super().op_price(provider, sku, region, unit or ("Hours" if sku == "mooring" else ""), source)


@breaks("unknown_price")
class TakesUnknownForFree(Driver):
    """Takes for free what has no price."""

    async def op_price(self, provider: str, sku: str, region: str = "", unit: str = "", source: str = "") -> Args:
        """Return zero for what is unknown, where nobody says of which unit."""
        try:
            return await super().op_price(provider, sku, region, unit, source)
        except errors.NotFound:
            if unit:
                raise
            return {"amount": "0", "currency": "USD", "unit": "Hours"}


@breaks("leftovers")
class CountsTasksForThings(Driver):
    """Counts the things of a group once for each task."""

    async def op_leftovers(self, by: str) -> Args:
        """Return as many things as tasks."""
        told = await super().op_leftovers(by)
        return told | {"groups": [group | {"alive": group["tasks"]} for group in told["groups"]]}


@breaks("budgets")
class UsesNothing(Driver):
    """Tells what may be spent alone."""

    async def op_budgets(self) -> list[Args]:
        """Return budgets of which nothing is used."""
        return [budget | {"use": []} for budget in await super().op_budgets()]


@breaks("price_history")
class KnowsThePresentAlone(Driver):
    """Takes the price of now for that of ever."""

    async def op_price_history(self, provider: str, sku: str) -> list[str | None]:
        """Return the last figure."""
        return (await super().op_price_history(provider, sku))[-1:]


@breaks("whoami")
class TakesAllForAdmins(Driver):
    """Takes whoever may see all projects for an admin."""

    async def op_whoami(self) -> Args:
        """Return a role that is not there."""
        told = await super().op_whoami()
        return told | {"role": "ADMIN"} if told["all_projects"] else told
