"""What is left to do in all projects together, as operators watch it."""

from __future__ import annotations

from dataclasses import dataclass, field

from wharfinger.ledger.costs import Sums, together
from wharfinger.ledger.states import EntryState, TaskState
from wharfinger_server.domain.task import Task


@dataclass(slots=True)
class Totals:
    """Counts over tasks that are not over and done.

    `states`: tasks by state, those that succeeded, failed for good, were cancelled or rolled back left out.
    `uncertain`: ledger entries of which nobody knows whether the thing exists. `leftovers`: entries that tasks at rest
    left, and may be alive; `hourly`: what those of them that exist cost in an hour, by currency, where that is known;
    `unpriced`: those for which it is not.
    """

    states: dict[TaskState, int] = field(default_factory=dict)
    uncertain: int = 0
    leftovers: int = 0
    unpriced: int = 0
    hourly: Sums = field(default_factory=dict)

    def add(self, task: Task) -> None:
        """Count in what a task owns; one at rest in its state too."""
        if task.state.resting:
            self.states[task.state] = self.states.get(task.state, 0) + 1
        self.uncertain += task.counts.of(EntryState.UNCERTAIN)
        left = task.leftover
        if left is not None:
            self.leftovers += task.counts.open
            self.unpriced += left.unpriced
            self.hourly = together(self.hourly, {money.currency: money.amount for money in left.known})
