"""A small model of one task's ledger, written from the ledger's rules alone; numbers in comments are theirs.

It knows nothing of the product: states are words, times whole seconds, and `Refused` is raised for what a rule forbids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

CLOSED = {"NOT_CREATED", "UNDONE", "RETAINED", "FORGOTTEN"}
SOUGHT = {"INTENDED", "UNCERTAIN"}
HANDED = {"RETAINED", "FORGOTTEN"}
UNSETTLED = {"INTENDED", "UNCERTAIN", "MISSING", "UNDOING", "UNDO_FAILED"}
GONE = {"NOT_CREATED", "UNDONE", "FORGOTTEN"}
LOOKED_AT = {"CREATED", "UNDOING", "UNDO_FAILED", "MISSING"}


class Refused(Exception):
    """A rule forbids it."""


@dataclass
class Row:
    """One entry. `settle`: from when "not there" counts; `window`: until when an undo may be on its way. Their
    lengths are `whole` and `undo_whole`.

    `number` counts its intents (21); parts of one call have the same `group`, number and generation (22).
    `look`: it waits to be looked at, from `look_at` on; `looks` decided nothing; `denied`: when the last denial that
    counts was answered. `was`: it was the key's own thing once (28). `undos` began ever, `begun` in this rollback; the
    last one failed at `failed`.
    """

    key: str
    state: str
    order: int
    gen: int = 1
    id: str = ""
    owned: bool = True
    epoch: int = 0
    number: int = 0
    group: str = ""
    after: tuple[str, ...] = ()
    digest: str = ""
    tokens: bool = False
    settle: int = 0
    whole: int = 0
    settling: int = 10
    window: int = 0
    undo_whole: int = 0
    undos: int = 0
    begun: int = 0
    failed: int = 0
    tried: bool = False
    burnt: bool = False
    look: bool = False
    look_at: int = 0
    looks: int = 0
    denied: int = 0
    was: bool = False
    changed: int = 0

    @property
    def awaits_look(self) -> bool:
        """Whether it is to be looked at by its id."""
        return self.look and self.owned and bool(self.id) and self.state in LOOKED_AT

    @property
    def base(self) -> str:
        """The key it belongs to."""
        return self.key.partition("~")[0]

    @property
    def open(self) -> bool:
        """Whether it is ours and may be alive."""
        return self.owned and self.state not in CLOSED

    @property
    def sought(self) -> bool:
        """Whether it is ours and nobody knows whether it exists."""
        return self.owned and self.state in SOUGHT

    @property
    def request(self) -> tuple[str, int]:
        """What has a token of its own."""
        return (self.group or self.base, self.gen)

    @property
    def version(self) -> tuple[str, int, str, int]:
        """What rule 8 compares."""
        return (self.state, self.gen, self.id, self.epoch)


@dataclass
class ModelLedger:
    """The entries of one task."""

    rows: dict[str, Row] = field(default_factory=dict)
    now: int = 0
    last: int = 0

    def some(self, base: str) -> list[Row]:
        """Return the entry `base` with its evidence."""
        return [row for row in self.rows.values() if row.base == base]

    def beside(self, base: str) -> list[Row]:
        """Return the evidence of `base` that stands in its way: what is MISSING does not (rule 9)."""
        return [row for row in self.some(base) if row.key != base and row.open and row.state != "MISSING"]

    def holder(self, id_: str, but: str = "") -> bool:
        """Whether an entry other than `but` has the id."""
        return any(row.id == id_ and row.key != but for row in self.rows.values())

    def set(self, row: Row, state: str, **facts: object) -> Row:
        """Change an entry."""
        row.state, row.changed = state, self.now
        for name, value in facts.items():
            setattr(row, name, value)
        return row

    def add(self, key: str, state: str, **facts: object) -> Row:
        """Add an entry."""
        self.last += 1
        row = self.rows[key] = Row(key, state, self.last, changed=self.now)
        return self.set(row, state, **facts)

    def evidence(self, base: Row, id_: str, gen: int, epoch: int) -> Row:
        """Add one more thing of a key (rules 7, 10)."""
        n = next(i for i in range(1, 100) if f"{base.base}~{i}" not in self.rows)
        facts = {"gen": gen, "id": id_, "epoch": epoch, "after": base.after, "digest": base.digest}
        facts["group"] = base.group
        settling = (base.epoch, base.gen) == (epoch, gen) and base.settle > self.now
        facts |= {"settle": base.settle, "whole": base.whole} if settling else {"settle": min(base.settle, self.now)}
        return self.add(f"{base.base}~{n}", "UNCERTAIN", **facts, tokens=base.tokens)

    # ------------------------------------------------------------------ making

    def intend_all(self, keys: Sequence[str], digest: str, epoch: int, group: str, tokens: bool, settle: int) -> None:
        """Rule 22: all parts of a call have one number."""
        number = 1 + max((self.rows[key].number for key in keys if key in self.rows), default=0)
        for key in keys:
            self.intend(key, digest, (), epoch, tokens, settle, number, group)

    def intend(
        self,
        key: str,
        digest: str,
        after: tuple[str, ...],
        epoch: int,
        tokens: bool,
        settle: int,
        number: int = 0,
        group: str = "",
    ) -> Row:
        """Rules 2, 4, 9, 30; and 21: each intent of a key has the next number."""
        row = self.rows.get(key)
        if row is None:
            row = self.add(key, "INTENDED")
        elif row.digest != digest:
            raise Refused("4")
        elif row.state == "CREATED":
            return row
        elif row.state not in ("NOT_CREATED", "UNDONE") or self.beside(key):
            raise Refused("9")
        elif any(other.was for other in self.some(key)) and self._stood_on(key):
            raise Refused("30")
        else:
            row.gen += row.state == "UNDONE" or row.burnt
        facts = {
            "id": "",
            "owned": True,
            "tried": False,
            "burnt": False,
            "window": 0,
            "undo_whole": 0,
            "tokens": tokens,
            "look": False,
        }
        facts |= {"undos": 0, "begun": 0, "number": number or row.number + 1, "group": group}
        return self.set(
            row, "INTENDED", epoch=epoch, after=after, digest=digest, settle=settle, whole=settle - self.now, **facts
        )

    def _stood_on(self, key: str) -> bool:
        return any(key in r.after and r.state not in GONE and r.state != "MISSING" for r in self.rows.values())

    def created(self, key: str, gen: int, id_: str, epoch: int, live: bool) -> bool:
        """Rule 10; return whether it changed something."""
        row = self.rows[key]
        if live and row.state == "INTENDED" and row.epoch == epoch:
            for other in self.some(key):
                if other.key != key and other.id == id_:
                    del self.rows[other.key]
            self.set(row, "CREATED", id=id_)
            return True
        if self.holder(id_):
            return False
        own = row.epoch == epoch and row.gen == gen and not row.id
        if own and row.state in SOUGHT:
            self.set(row, "CREATED", id=id_)
        elif own and row.state == "NOT_CREATED":
            burnt = any(other.was and other.gen == row.gen for other in self.rows.values())
            self.set(row, "UNCERTAIN", id=id_, burnt=burnt, tried=False)
        elif (part := self._part_that_waits(row, gen, epoch)) is not None:
            self.set(part, "CREATED", id=id_)
        else:
            self.evidence(row, id_, gen, epoch)
        return True

    def _part_that_waits(self, row: Row, gen: int, epoch: int) -> Row | None:
        """Rule 3: of the parts of a call nobody knows which is which, so one more thing is of one that is sought."""
        if not row.group or not row.id or (row.epoch, row.gen) != (epoch, gen):
            return None
        parts = [
            other
            for other in self.rows.values()
            if other.request == row.request and other.state in SOUGHT and not other.id and other.epoch == epoch
        ]
        return min(parts, key=lambda part: part.order, default=None)

    def refused(self, key: str, epoch: int) -> None:
        """The cloud's own definite answer frees the token (rule 2)."""
        if (row := self.rows[key]).state == "INTENDED" and row.epoch == epoch:
            self.set(row, "NOT_CREATED", burnt=True)

    def not_sent(self, keys: Sequence[str], epoch: int, number: int) -> tuple[bool, list[str]]:
        """Rules 21 and 22; return whether it changed something, and which keys' last intent was not sent."""
        mine = [row for row in self.rows.values() if row.key == row.base and (row.epoch, row.number) == (epoch, number)]
        said = [row for row in mine if row.key in keys]
        calls = {row.request for row in said if row.group}
        if any(row.request in calls and row.key not in keys for row in mine):
            raise Refused("22")
        sent = any(row.id for row in said)  # what has an id was
        closed = [] if sent else [r for r in said if r.state == "INTENDED" or (r.state == "UNCERTAIN" and not r.group)]
        for row in closed:
            self.set(row, "NOT_CREATED", burnt=False, tried=False)
        return bool(closed), [row.key for row in said if row.state == "NOT_CREATED" and not row.burnt]

    def doubted(self, key: str, epoch: int, unnamed: bool) -> None:
        """Rule 3: a part that an answer does not name is UNCERTAIN; what nobody answered stays INTENDED."""
        if (row := self.rows[key]).state == "INTENDED" and row.epoch == epoch:
            self.set(row, "UNCERTAIN" if unnamed else "INTENDED")

    def adopt(self, key: str, id_: str, digest: str, after: tuple[str, ...], epoch: int) -> None:
        """Rule 5."""
        row = self.rows.get(key)
        if row is None:
            self.add(key, "CREATED", id=id_, owned=False, epoch=epoch, digest=digest, after=after)
            return
        if row.state == "CREATED" and row.id == id_:
            return
        beside = self.beside(key)
        held = [other for other in self.some(key) if other.key != key and other.id == id_]
        if held and held[0].state in HANDED:
            raise Refused("5, 20")
        if held and row.state in ("NOT_CREATED", "UNDONE") and beside in ([], held):
            self._take_over(row, held[0])
            return
        if beside:
            raise Refused("5")
        nameless = row.state in SOUGHT and not row.id
        if nameless or row.state == "UNDOING" or (row.id != id_ and (row.open or row.state in HANDED)):
            raise Refused("5")
        if row.owned:
            self.set(row, "CREATED", id=id_, epoch=epoch, burnt=False, tried=False)
        else:
            facts = {"gen": 1, "epoch": epoch, "digest": digest, "after": after, "settle": 0, "tokens": False}
            self.set(row, "CREATED", id=id_, owned=False, burnt=False, tried=False, window=0, **facts)

    def _take_over(self, base: Row, other: Row) -> Row:
        del self.rows[other.key]
        gen, window = max(base.gen, other.gen), other.window
        facts = {
            "gen": gen,
            "window": window,
            "settle": other.settle,
            "whole": other.whole,
            "burnt": False,
            "tried": False,
            "look": False,
        }
        facts |= {"undos": other.undos, "begun": other.begun, "denied": 0, "undo_whole": other.undo_whole}
        return self.set(base, "CREATED", id=other.id, owned=True, **facts)

    # ------------------------------------------------------------------ finding

    def to_settle(self) -> list[Row]:
        """Return what is to be looked for."""
        return [r for r in self.rows.values() if r.state == "INTENDED" or (r.sought and not r.tried)]

    def begin_round(self) -> None:
        """Everything may be tried anew."""
        for row in self.rows.values():
            row.tried, row.begun = False, 0
            row.look = row.look and row.state != "MISSING"

    def found(self, key: str, version: object, ids: Sequence[str] | None, asked: int) -> None:
        """Rules 6, 7, 8; `ids` None: it could not be told."""
        row = self.rows.get(key)
        if row is None or row.state not in SOUGHT or row.version != version:
            return
        if ids is None:
            self.set(row, "UNCERTAIN", tried=True)
            return
        settled = asked >= row.settle
        if ids and not row.tokens and not settled:
            return
        if row.id and row.id not in ids:
            self.set(row, "UNCERTAIN", tried=True)
            return
        free = [one for one in dict.fromkeys(ids) if one != row.id and not self.holder(one, key)]
        own = row.id or (free[0] if free else "")
        if not own:
            if settled:
                self.set(row, "NOT_CREATED")
            return
        self._exists(row, own)
        alike = [r for r in self.rows.values() if r.request == row.request and r.key != key]
        waiting = sum(other.state in SOUGHT and not other.id for other in alike)
        for extra in [one for one in free if one != own][waiting:]:
            self.evidence(row, extra, row.gen, row.epoch)

    def _exists(self, row: Row, id_: str, **facts: object) -> None:
        base = self.rows.get(row.base)
        if row.key != row.base and base is not None and base.state in ("NOT_CREATED", "UNDONE"):
            self._take_over(base, row)
        else:
            facts = facts if row.key == row.base else {"look": False, "denied": 0, "tried": False}
            self.set(row, "CREATED", id=id_, **facts)

    # ------------------------------------------------------------------ undoing

    def removable(self, row: Row) -> bool:
        """Rule 18: what has an id is undone by it."""
        return row.owned and (row.state in ("CREATED", "UNDOING", "UNDO_FAILED") or bool(row.sought and row.id))

    def undoing(self, key: str, until: int) -> None:
        """Write that it is about to be taken away (rules 24, 25)."""
        row = self.rows.get(key)
        if row is None or not self.removable(row):
            raise Refused("not ours, or not alive")
        if row.state in ("UNDOING", "UNDO_FAILED") and self.now < row.window:
            raise Refused("24")
        facts = {"look": True, "look_at": max(row.settle, self.now), "looks": 0, "denied": 0}
        self.set(
            row, "UNDOING", window=until, undo_whole=until - self.now, undos=row.undos + 1, begun=row.begun + 1, **facts
        )

    def undone(self, key: str, how: str, number: int) -> bool:
        """Take what came of it (rule 26): what is not complete, nor surely refused, is looked at.

        Returns whether it is gone.
        """
        row = self.rows.get(key)
        if row is None or row.state != "UNDOING" or row.undos != number:
            return False
        if how == "COMPLETE":
            self.set(row, "UNDONE", look=False)
        elif how == "REFUSED":
            self.set(row, "UNDO_FAILED", failed=self.now, look=False, window=self.now, undo_whole=0)
        elif how == "LOST":
            self.set(row, "UNDO_FAILED", failed=self.now)
        else:
            self.set(row, "UNDOING")
        return how == "COMPLETE"

    def taken_over(self) -> None:
        """Rule 33: another process, whose clock is another one, restarts every open window in full."""
        for row in self.rows.values():
            row.settle = self.now + row.whole if row.settle else 0
            row.window = self.now + row.undo_whole if row.window else 0
            row.failed = self.now if row.failed else 0
            row.look_at = self.now if row.look_at else 0
            row.denied = self.now if row.denied else 0

    def to_look(self) -> list[Row]:
        """Return what is to be looked at by now."""
        return [row for row in self.rows.values() if row.awaits_look and row.look_at <= self.now]

    def looked(self, key: str, version: object, shown: bool | None, asked: int) -> None:
        """Rules 8, 26 to 29; `shown` None: it could not be told."""
        row = self.rows.get(key)
        if row is None or not row.awaits_look or row.version != version:
            return
        if shown is False:
            self._denied(row, asked)
            return
        if row.state == "CREATED":  # there, or nothing is said
            row.look, row.denied = False, 0
            return
        if row.state == "MISSING":
            if shown:
                self._exists(row, row.id)
            else:
                self.set(row, "MISSING", look=False, tried=True)
            return
        row.denied = 0 if shown else row.denied
        row.look_at, row.looks = self.now + min(2**row.looks, 30), row.looks + 1
        if asked >= row.window:
            self.set(row, "UNDO_FAILED", look=False, failed=self.now)
        else:
            row.look_at = min(row.look_at, row.window)

    def _denied(self, row: Row, asked: int) -> None:
        if asked < row.settle:
            row.look_at = row.settle
        elif not row.denied:
            row.denied, row.look_at = self.now, self.now + row.settling  # when it was answered
        elif asked < row.denied + row.settling:
            row.look_at = row.denied + row.settling
        elif row.state == "CREATED":
            self._gone(row)
        else:
            self.set(row, "UNDONE", look=False, denied=0, tried=False)

    def _gone(self, row: Row) -> None:
        """Rule 28: the key is free, under its next generation, and the old id is kept as evidence."""
        if row.key == row.base:
            n = next(i for i in range(1, 100) if f"{row.base}~{i}" not in self.rows)
            self.last += 1
            old = self.rows[f"{row.base}~{n}"] = replace(row, key=f"{row.base}~{n}", order=self.last, was=True)
            self.set(row, "NOT_CREATED", id="", burnt=True, look=False, denied=0, tried=False)
        else:
            old = row
        self.set(old, "MISSING", look=False, denied=self.now, tried=False)

    def check_all(self) -> None:
        """Rule 28: at resume all that exists and is ours is looked at."""
        for row in self.rows.values():
            if row.state == "CREATED" and row.owned and row.id:
                row.look, row.looks, row.look_at = True, 0, self._next_look(row)

    def check_last(self, mine: Callable[[Row], bool]) -> None:
        """Rule 29: what is missing is looked at once more, and nothing else that exists."""
        for row in self.rows.values():
            if row.state == "CREATED":
                row.look = False
            elif row.state == "MISSING" and not row.look and not row.tried and mine(row):
                row.look, row.looks, row.look_at = True, 0, self._next_look(row)

    def _next_look(self, row: Row) -> int:
        return max(self.now, row.denied + row.settling) if row.denied else self.now

    def interrupt(self) -> None:
        """What was being taken away when its attempt ended may be gone or not."""
        for row in self.rows.values():
            if row.state == "UNDOING":
                self.set(row, "UNDO_FAILED")

    def blocked(self, row: Row) -> bool:
        """Rule 16."""
        if row.key != row.base:
            return False
        return any(row.key in child.after and child.state not in GONE for child in self.rows.values())

    # ------------------------------------------------------------------ a person

    def verdict(self, row: Row, said: str, id_: str) -> None:
        """Rules 18, 20."""
        if said == "CREATED":
            if not (row.id or id_) or self.holder(row.id or id_, row.key):
                raise Refused("20")
            self._exists(row, row.id or id_, tried=False)
            return
        self.may(row, said)
        if said == "GONE":
            if row.state == "MISSING":
                self.set(row, "UNDONE", look=False, denied=0, tried=False)
            else:
                self.set(row, "CREATED", denied=row.denied or self.now)
        elif said == "NOT_CREATED":
            self.set(row, "NOT_CREATED", tried=False)
        else:
            self.set(row, "RETAINED" if said == "RETAIN" else "FORGOTTEN", owned=False, tried=False)

    def may(self, row: Row, said: str) -> None:
        """Raise Refused for a verdict that comes too early, or lacks an id."""
        if row.state == "UNDOING":
            raise Refused("18")
        if said == "RETAIN":
            if not row.id or (row.state == "UNDO_FAILED" and self.now < row.window):
                raise Refused("18, 20")
        elif (row.state in SOUGHT or said == "GONE") and self.now < row.settle:
            raise Refused("20")

    def kept(self, retain: Iterable[str]) -> list[Row]:
        """Rule 17: what `retain` keeps, with what that stands on."""
        named = list(retain)
        todo: list[Row] = []
        for key in named:
            if key not in self.rows:
                raise Refused("17")
            todo += [self.rows[key]] if "~" in key else self.some(key)
        keep: dict[str, Row] = {}
        while todo:
            row = todo.pop()
            if row.key not in keep:
                keep[row.key] = row
                todo += [other for parent in row.after for other in self.some(parent)]
        chosen = [r for r in keep.values() if r.open and (r.key in named or r.id or r.state not in SOUGHT)]
        for row in chosen:
            self.may(row, "RETAIN")
        return chosen
