"""The call of PricingService about budgets."""

from __future__ import annotations

from wharfinger.v1 import pricing_service_pb2 as v1
from wharfinger_server.engine.use_cases.budgets import Budgets
from wharfinger_server.rpc import names
from wharfinger_server.rpc.calls import Call
from wharfinger_server.rpc.messages.price import fill_money


class BudgetMethods:
    """What projects may spend, and do."""

    def __init__(self, budgets: Budgets) -> None:
        self._budgets = budgets

    async def list_budgets(self, request: v1.ListBudgetsRequest, call: Call) -> v1.ListBudgetsResponse:
        """Return the budgets of a project, or of all that the caller may see."""
        message = v1.ListBudgetsResponse()
        for budget in await self._budgets.all(call.caller, names.project_or_all(request.parent)):
            shown = message.budgets.add(project=f"projects/{budget.project}")
            for money in budget.limit:
                fill_money(shown.hourly_limit.add(), money)
            for money in budget.use:
                fill_money(shown.hourly_use.add(), money)
        return message
