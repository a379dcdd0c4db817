"""A small cloud for walks: it makes things, perhaps late or twice, lists them, perhaps not at once, and deletes them.

It is the oracle: it knows what exists, whatever the ledger believes.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Thing:
    """What exists or existed. `stale`: its request was sent after its window. `listed`: from then on `find` sees it."""

    id: str
    key: str
    token: str
    ours: bool = True
    alive: bool = True
    stale: bool = False
    listed: int = 0
    parents: tuple[str, ...] = ()


@dataclass(slots=True)
class Request:
    """A create call on its way, for one key or all members of a group. `lands_by`: the end of its windows (A1)."""

    epoch: int
    token: str
    keys: tuple[str, ...]
    parents: tuple[str, ...]
    lands_by: int
    stale: bool = False


Answer = dict[str, str] | str
"""Ids by key, or why nothing was made."""


@dataclass(slots=True)
class Cloud:
    """`tokens`: it honours idempotency tokens; otherwise they are only tags."""

    tokens: bool
    things: dict[str, Thing] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    seen: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refusals: int = 0

    def put(self, key: str, token: str, *, ours: bool = True, **more: object) -> Thing:
        """Make a thing."""
        thing = Thing(f"id{len(self.things) + 1}", key, token, ours, **more)  # type: ignore[arg-type]
        self.things[thing.id] = thing
        return thing

    def land(self, request: Request, *, most: int = 1000) -> Answer:
        """Do what the request asks for, at most `most` things of it; return the answer."""
        known = [thing for thing in self.things.values() if thing.token == request.token]
        if self.tokens and request.token in self.seen:
            if self.seen[request.token] != request.keys:
                return "MISMATCH"
            if not all(thing.alive for thing in known):
                return "TERMINATED"
            return {thing.key: thing.id for thing in known}
        if not all(parent in self.things and self.things[parent].alive for parent in request.parents):
            return "PARENT_GONE"
        self.seen[request.token] = request.keys
        made = {}
        for key in request.keys[:most]:
            thing = self.put(key, request.token, stale=request.stale, listed=request.lands_by, parents=request.parents)
            made[key] = thing.id
        return made

    def find(self, token: str, asked: int) -> tuple[list[str], list[str]]:
        """Return the ids that a listing surely shows, and those that it may show."""
        alive = [thing for thing in self.things.values() if thing.token == token and thing.ours and thing.alive]
        return [t.id for t in alive if not t.stale and asked >= t.listed], [t.id for t in alive]

    def alive(self, *keys: str) -> list[Thing]:
        """Return what is alive and ours under these keys."""
        return [thing for thing in self.things.values() if thing.alive and thing.ours and thing.key in keys]
