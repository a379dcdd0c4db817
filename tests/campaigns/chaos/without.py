"""The product without one of its mends: the campaign must find out each of them. Called in the server's process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from tests.campaigns.planting import Ground

_STACK = ExitStack()
"""Never left: what is put somewhere stays for the life of the process."""
_GROUND = Ground(_STACK)

MENDS: dict[str, Callable[[], None]] = {}
"""What takes a mend out, by the number of the fault that it mends."""


def _mend(number: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Take a function into the list."""

    def take(out: Callable[[], None]) -> Callable[[], None]:
        MENDS[number] = out
        return out

    return take


@_mend("3")
def windows_end_by_the_wall_clock() -> None:
    """A clock that steps forward between a crash and the start ends what is still open."""
    from tests.campaigns.bugs_of_clocks import BUGS

    for bug in BUGS:
        if bug.name in ("wall_clock_ends_windows", "take_over_does_not_restart_windows"):
            bug.spoil(_GROUND)


@_mend("4")
def what_was_not_sent_is_in_doubt() -> None:
    """A call that was not sent because the ledger was slow needs a person."""
    from wharfinger.runtime.verbs import Verbs

    async def doubted(self: Verbs, makings: list, word: Exception) -> Exception:
        raise await self._doubt(makings, str(word))

    _GROUND.put(Verbs, "_unsent", doubted)


@_mend("6")
def undo_is_tried_once() -> None:
    """One lost answer ends a rollback."""
    from wharfinger_server.domain.policy import Policy

    _GROUND.put(Policy, "undos", property(lambda policy: 1))


@_mend("8")
def nothing_is_too_large() -> None:
    """What no message can carry is taken, and told to everybody."""
    from wharfinger.runtime import limits, verbs
    from wharfinger_server.rpc import tasks, watches
    from wharfinger_server.rpc.messages import entry

    _GROUND.put(limits, "check_intent", lambda intent: None)
    _GROUND.put(verbs, "check_intent", lambda intent: None)
    _GROUND.put(limits, "facts", lambda metadata: {str(name): str(fact) for name, fact in metadata.items()})
    _GROUND.put(entry, "cut", lambda message, room=0: False)
    for module in (tasks, watches):
        _GROUND.put(module, "fitting", bytes)


@_mend("13")
def a_page_of_the_queue_is_read_for_ever() -> None:
    """More tasks wait for one key than memory holds, and what is behind them is never reached."""
    from wharfinger_server.engine.execution.window import Window

    def read(self: Window, covered: object) -> bool:
        before = self.covered
        taken = bool(right(self, covered))
        self.covered = before
        return taken

    right = _GROUND.put(Window, "read", read)


@_mend("15")
def children_keep_what_is_the_servers() -> None:
    """A child that a script forks holds the lock when the next server starts."""
    from wharfinger_server.store.databases import forked

    _GROUND.put(forked, "_in_child", lambda: None)


@_mend("16")
def silence_is_waited_for() -> None:
    """A connection to the database that is open and dead holds all writes up for ever."""
    from wharfinger_server.store.databases.deadline import Deadline

    _GROUND.put(Deadline, "arm", lambda self, sockets: None)


@_mend("18")
def every_loss_counts() -> None:
    """A script that ends the process takes its neighbours along."""
    from wharfinger_server.engine.execution import rescuer

    _GROUND.put(rescuer, "lost_with", lambda leased, *, orderly: rescuer.Loss(rescuer.ENDED))
