"""Who may make which call, from the server's own table."""

from __future__ import annotations

from collections.abc import Iterator

from generators.rendering import Rendered, table
from wharfinger_server.access import rules
from wharfinger_server.access.rules import Scope

_OPENS = {
    Scope.PROJECT: "its project",
    Scope.KNOWN: "anything",
    Scope.ALL: "all projects",
    Scope.WORKER: "workers",
}


class Rights(Rendered):
    """`{rights}`: every call, with what a credential has to open, and the role that it must have there."""

    sources = ("server/wharfinger_server/access/rules.py",)

    def markdown(self) -> Iterator[str]:
        """Yield the table."""
        rows = []
        for service, call, rule in rules.table():
            short = service.rpartition(".")[2]
            role = "worker" if rule.scope is Scope.WORKER else rule.least.word
            rows.append((short, f"`{call}`", _OPENS[rule.scope], role))
        yield from table(("Service", "Call", "Opens", "Role"), rows)
