"""The estimate of a task before it is accepted: the script's `estimate`, the caller's limit, the budget."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Protocol

from wharfinger.runtime.protocol import Environment
from wharfinger.runtime.redaction import Redactor, secrets_in
from wharfinger.script.schema import made_of
from wharfinger_prices.price import Money, plain
from wharfinger_server.domain.errors import FailedPrecondition, Refused
from wharfinger_server.domain.estimate import Estimate
from wharfinger_server.domain.leftover import summed
from wharfinger_server.domain.policy import Policy
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.execution.bounded_threads import BoundedThreads, TookTooLong
from wharfinger_server.engine.interface.requests import Caller, CreateRequest
from wharfinger_server.engine.params.canonical_json import in_order
from wharfinger_server.engine.params.sealing import Secret
from wharfinger_server.engine.scripts.grants import granted
from wharfinger_server.engine.scripts.installed import Script, Scripts
from wharfinger_server.engine.use_cases.admission import Admission
from wharfinger_server.pricing import Prices, Stack, estimate
from wharfinger_server.pricing.estimating import Wanted
from wharfinger_server.store.databases.spending import Budgets, over_budget
from wharfinger_server.store.store import Store

log = logging.getLogger(__name__)

MOST_ITEMS = 10_000
LONGEST_WHAT = 256
SECONDS = 5.0
"""How long a script's `estimate` may take."""
_TOLD = 10


class PriceBook(Protocol):
    """Where prices are looked up; `pricing.Pricing` is one."""

    async def current(self, project: str = "") -> Stack:
        """Return the layers as they are now, with the project's own first."""
        ...

    async def stack_of(self, digest: str) -> Stack:
        """Return an earlier stack, or one catalogue, by its digest. Raises NotFound UNKNOWN_CATALOG."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """By which prices: of the catalogue or stack `catalog` ("": what is active), at `at` (microseconds; None: now)."""

    catalog: str = ""
    at: int | None = None


NOW = Moment()


class Estimates:
    """Estimates tasks that are to be created. `budgets` are what projects may spend by the hour."""

    def __init__(
        self,
        store: Store,
        scripts: Scripts,
        admission: Admission,
        prices: PriceBook,
        environment: Environment,
        budgets: Budgets,
    ) -> None:
        self._store = store
        self._scripts = scripts
        self._admission = admission
        self._prices = prices
        self._environment = environment
        self._budgets = budgets
        self._threads = BoundedThreads(SECONDS)

    def concern(self, task: Task) -> bool:
        """Whether there is anything to estimate, or a limit that asks for it."""
        return bool(self._scripts[task.spec.script].info.can_estimate or task.spec.policy.max_hourly_cost)

    async def admit(self, task: Task, params: Mapping[str, Any], secret: Secret | None) -> Estimate | None:
        """Return what a new task is expected to cost, and write the sums into it; None where nobody can tell.

        `params` are the whole ones, `secret` is what of them is sealed. Raises FailedPrecondition: COST_LIMIT,
        COST_UNPRICED, and CANNOT_ESTIMATE where the task has a limit or its project a budget.
        """
        policy = task.spec.policy
        try:
            found = await self.of(task, params, NOW, secret.values if secret else None)
        except FailedPrecondition as why:
            if policy.max_hourly_cost or (task.project in self._budgets and self._can(task)):
                raise
            log.warning("a task is accepted without an estimate: %s", why.message, extra={"script": task.spec.script})
            return None
        if policy.max_hourly_cost:
            _check_limit(policy, found)
        task.spec = replace(task.spec, expected=summed(found.hourly))
        return found

    async def cost(self, caller: Caller, request: CreateRequest, moment: Moment = NOW) -> Estimate:
        """Return what a task would cost for an hour; nothing is created.

        The same request, catalogue and moment give the same bytes. Raises what creating it would for its script and
        params, FailedPrecondition CANNOT_ESTIMATE, and NotFound UNKNOWN_CATALOG.
        """
        task = self._admission.admit(caller, replace(request, validate_only=True)).task
        return await self.of(task, request.task.params, moment, similar=True)

    async def of(
        self,
        task: Task,
        params: Mapping[str, Any],
        moment: Moment,
        secrets: Mapping[str, Any] | None = None,
        *,
        similar: bool = False,
    ) -> Estimate:
        """Return what a task costs for an hour; with `similar` names near what has no price are looked for too.

        Raises FailedPrecondition CANNOT_ESTIMATE, NotFound UNKNOWN_CATALOG.
        """
        script = self._scripts[task.spec.script]
        if not self._can(task):
            raise _cannot(script, "it has no `estimate(params, prices)`")
        book = self._prices
        stack = await (book.stack_of(moment.catalog) if moment.catalog else book.current(task.project))
        mine = granted(self._environment, task.project)
        prices = Prices(mine.profiles, mine.stores)
        redactor = Redactor(secrets_in(list((secrets or {}).values())))

        def work() -> Estimate:
            """Ask the script, and look its items up."""
            plain_params = in_order(params)
            model = getattr(script.module, "Params", None)
            given = made_of(model, plain_params) if model else plain_params
            items = _checked(script.module.estimate(given, prices), redactor)
            return estimate(items, stack, moment.at, similar=similar)

        try:
            return await self._threads.run(script.name, work)
        except Refused as refused:
            raise _cannot(script, refused.message) from refused
        except TookTooLong:
            raise _cannot(script, f"its `estimate` took longer than {SECONDS:g} s") from None
        except Exception as error:  # whatever a script's own code raises
            raise _cannot(script, redactor.text(f"its `estimate` raised {type(error).__name__}: {error}")) from error

    async def check_budget(self, task: Task) -> None:
        """Raise ResourceExhausted BUDGET_EXCEEDED if the task would not be created now for its project's budget."""
        budget = self._budgets.get(task.project)
        if budget is not None and task.spec.expected:
            refusal = over_budget(task, budget, await self._store.spending(task.project))
            if refusal is not None:
                raise refusal

    def _can(self, task: Task) -> bool:
        return self._scripts[task.spec.script].info.can_estimate


def _cannot(script: Script, why: str) -> FailedPrecondition:
    cause = why[:500]
    return FailedPrecondition(
        "CANNOT_ESTIMATE",
        f"what {script.name} would cost can't be told: {cause}",
        {"script": script.name, "cause": cause},
    )


def _checked(items: Any, redactor: Redactor) -> list[Wanted]:
    """Return what a script's `estimate` returned. Raises ValueError where that is not a list of different items."""
    if not isinstance(items, list | tuple) or not all(isinstance(item, Wanted) for item in items):
        raise ValueError("it must return a list of what `prices.item` returns")
    if len(items) > MOST_ITEMS:
        raise ValueError(f"{len(items)} items are too many; {MOST_ITEMS} are the most")
    seen: set[str] = set()
    for item in items:
        named = (item.what, item.provider, item.sku, item.region, item.category, item.term)
        if not all(isinstance(one, str) for one in named) or not 1 <= len(item.what) <= LONGEST_WHAT:
            raise ValueError(
                f"`what` must be the key of a ledger entry, 1 to {LONGEST_WHAT} characters, and all be text"
            )
        if item.what in seen:
            raise ValueError(f"{item.what!r} is named more than once")
        if redactor and any(map(redactor.holds, named)):
            raise ValueError("it names the value of a sealed param")
        seen.add(item.what)
    return list(items)


def _check_limit(policy: Policy, found: Estimate) -> None:
    """Raise FailedPrecondition COST_LIMIT or COST_UNPRICED where a task costs more than its creator allows."""
    limit = Money(policy.max_hourly_currency, Decimal(policy.max_hourly_cost))
    told = f"{plain(limit.amount)} {limit.currency}"
    for money in found.hourly:
        cost = f"{plain(money.amount)} {money.currency}"
        facts = {"limit": told, "estimate": cost}
        if money.currency != limit.currency and money.amount:
            raise FailedPrecondition(
                "COST_LIMIT",
                f"task.policy.max_hourly_cost is in {limit.currency}, but the task would cost {cost} an hour, and"
                " nothing is converted: give the limit in that currency",
                facts,
            )
        if money.currency == limit.currency and money.amount > limit.amount:
            raise FailedPrecondition(
                "COST_LIMIT", f"the task would cost {cost} an hour; task.policy.max_hourly_cost is {told}", facts
            )
    if found.unpriced and not policy.allow_unpriced:
        names = ",".join(found.unpriced[:_TOLD])
        raise FailedPrecondition(
            "COST_UNPRICED",
            f"the price of {len(found.unpriced)} thing(s) that the task makes is not known ({names}), which is not"
            " zero: import prices for them, or set task.policy.allow_unpriced",
            {"unpriced": names, "count": str(len(found.unpriced))},
        )
