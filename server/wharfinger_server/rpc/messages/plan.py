"""The plan of a rollback, as a message."""

from __future__ import annotations

from wharfinger.ledger.undo import Plan
from wharfinger.v1 import task_pb2


def fill_plan(message: task_pb2.RollbackPlan, plan: Plan) -> None:
    """Set an empty `message` to the plan; an empty plan is set too."""
    message.SetInParent()
    for wave in plan.waves:
        message.waves.add(keys=wave)
    message.retained.extend(plan.retained)
    message.sought.extend(plan.sought)
    message.blocked.update(plan.blocked)
