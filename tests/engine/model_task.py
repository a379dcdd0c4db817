"""A small model of one task's life over the model of its ledger, written from the transition table alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.engine.model_ledger import UNSETTLED, ModelLedger, Refused, Row

RESTING = {"SUCCEEDED", "FAILED", "CANCELLED", "PARTIALLY_FAILED", "ROLLED_BACK", "ROLLBACK_FAILED"}
VERDICTS = {
    "CREATED": {"RETAIN", "FORGET", "GONE"},
    "MISSING": {"CREATED", "RETAIN", "FORGET", "GONE"},
    "UNCERTAIN": {"CREATED", "NOT_CREATED", "RETAIN", "FORGET"},
    "UNDO_FAILED": {"NOT_CREATED", "RETAIN", "FORGET"},
}

SAID = {"NOT_CREATED": "NOT_CREATED", "RETAIN": "RETAINED", "FORGET": "FORGOTTEN", "GONE": "UNDONE"}


@dataclass
class ModelPolicy:
    """What the caller wants."""

    on_failure_undo: bool = False
    on_cancel_undo: bool = False
    attempts: int = 2
    losses: int = 2
    undos: int = 3
    resumable: bool = True


@dataclass
class ModelTask:
    """A task. `goal`: how it concludes once settled; `cause`: why it came to rest; `only` None: no rollback goes on."""

    policy: ModelPolicy
    ledger: ModelLedger = field(default_factory=ModelLedger)
    state: str = "QUEUED"
    epoch: int = 0
    phase: str = ""
    begun: int = 0
    goal: str = ""
    cause: str = ""
    undo_begun: bool = False
    failures: int = 0
    losses: int = 0
    settle_losses: int = 0
    only: tuple[str, ...] | None = None
    by_person: bool = False
    stop: bool = False
    deleted: bool = False

    # ------------------------------------------------------------------ what it is

    @property
    def rows(self) -> list[Row]:
        """All entries."""
        return list(self.ledger.rows.values())

    @property
    def open(self) -> bool:
        """Whether something may be alive."""
        return any(row.open for row in self.rows)

    @property
    def unsettled(self) -> bool:
        """Whether success is out of the question."""
        return any(row.owned and row.state in UNSETTLED for row in self.rows)

    def holds(self, epoch: int) -> bool:
        """Whether that attempt may write."""
        return bool(self.phase) and self.epoch == epoch

    def allowed(self) -> set[str]:
        """Return what a person may ask: the table's own rows."""
        if self.deleted:
            return set()
        asks = set()
        if self.state in ("QUEUED", "RUNNING", "ROLLING_BACK"):
            asks.add("cancel")
        if self.state == "PARTIALLY_FAILED" and not self.undo_begun:
            asks.add("resume")
        if self.open and self.state in ("PARTIALLY_FAILED", "SUCCEEDED", "ROLLBACK_FAILED"):
            asks |= {"roll back", "resolve"}
        if not self.open and self.state in ("SUCCEEDED", "FAILED", "CANCELLED", "ROLLED_BACK"):
            asks.add("delete")
        return asks

    # ------------------------------------------------------------------ attempts

    def next_phase(self) -> str:
        """Return what kind of attempt is due, "" for none."""
        if self.phase or self.state in RESTING or self.deleted:
            return ""
        if self.state == "ROLLING_BACK":
            return self._undo_phase()
        if any(row.sought or row.awaits_look for row in self.rows):
            return "SETTLE" if self.ledger.to_settle() or self.ledger.to_look() else ""
        return "RUN" if self.state == "QUEUED" else ""

    def lease(self, phase: str) -> None:
        """Begin an attempt: rule 9 was seen to by `next_phase`."""
        self.epoch += 1
        self.phase, self.begun = phase, self.ledger.now
        if phase == "RUN":
            self.state = "RUNNING"

    def _over(self) -> None:
        """Rule 15: every end of a lease raises the epoch."""
        self.phase = ""
        self.epoch += 1

    def fence(self, epoch: int) -> None:
        """Refuse what comes from an attempt that holds no lease."""
        if not self.holds(epoch):
            raise Refused("fenced")

    def finish(self, epoch: int, end: str) -> None:
        """Take an attempt's own end: "ok", "failed", "again" or "doubt"."""
        self.fence(epoch)
        phase = self.phase
        if phase == "UNDO":
            self._over()
            self.settle_losses = 0
            if self._undo_phase() == "UNDO" and all(row.changed < self.begun for row in self.rows):
                self._undo_over()
        elif phase == "SETTLE":
            self._over()
            self.settle_losses = 0
        elif end == "ok":
            self._over()
            if self.state == "CANCELLING":
                self.goal = "CANCEL"
            elif self.unsettled:
                self.goal = "SUCCEED"
            else:
                self._rest("SUCCEEDED", "SUCCESS")
        elif end == "doubt" and self.policy.resumable:  # rule 23
            self.losses += 1
            self._failed(again=self.losses < self.policy.losses)
        else:
            self.failures += 1
            self._failed(again=end == "again" and self.failures < self.policy.attempts)
        self.go_on()

    def lost(self, epoch: int) -> None:
        """Take the loss of an attempt with its worker."""
        self.fence(epoch)
        if self.phase == "RUN":
            self.losses += 1
            self._failed(again=self.policy.resumable and self.losses < self.policy.losses)
        else:
            settling = self.phase == "SETTLE"
            self._over()
            self.settle_losses += settling
            if settling and self.settle_losses >= self.policy.losses:
                for row in self.ledger.to_settle():
                    self.ledger.set(row, "UNCERTAIN", tried=True)
                for row in self.ledger.to_look():
                    self.ledger.looked(row.key, row.version, None, self.ledger.now)
        self.go_on()

    def _failed(self, *, again: bool) -> None:
        self._over()
        if self.state == "CANCELLING":
            self.goal = "CANCEL"
        elif again:
            self.state = "QUEUED"
        else:
            self.goal = "FAIL"

    def late(self, changed: bool) -> None:
        """Rules 11, 12: what late evidence does to the task."""
        if not changed:
            return
        self.deleted = False
        if self.state in RESTING:
            self.state = self._rest_state()
        self.go_on()

    def not_sent(self, keys: tuple[str, ...], epoch: int, number: int) -> list[str]:
        """Rule 21: it counts from a fenced attempt too, and moves a task at rest as a verdict does.

        Returns the keys that this attempt may intend again.
        """
        changed, free = self.ledger.not_sent(keys, epoch, number)
        if self.holds(epoch):
            return free
        if changed:
            if self.state in RESTING:
                self.state = self._rest_state()
            self.go_on()
        return []

    # ------------------------------------------------------------------ going on

    def go_on(self) -> None:
        """Let a task that nobody works at settle, conclude, or roll back."""
        if not self.phase and self.state not in RESTING:
            if self.state != "ROLLING_BACK":
                self._settle()
            if self.state == "ROLLING_BACK" and not self.stop:
                self.ledger.check_last(self.concerns)
            if self.state == "ROLLING_BACK" and not self._undo_phase() and not self._undo_waits():
                self._undo_over()

    def _settle(self) -> None:
        if self.goal:
            self.ledger.check_last(lambda _: True)
        if any(row.sought or row.awaits_look for row in self.rows):
            if self.ledger.to_settle() or any(row.awaits_look for row in self.rows):
                return
            if self.state == "QUEUED":
                self.state, self.goal = "RUNNING", "FAIL"
                self._settle()
                return
        if self.goal:
            self._conclude()

    def _conclude(self) -> None:
        goal = self.goal
        cause = {"CANCEL": "CANCEL"}.get(goal, "FAIL")
        wish = {"FAIL": self.policy.on_failure_undo, "CANCEL": self.policy.on_cancel_undo}.get(goal, False)
        if goal == "SUCCEED" and not self.unsettled:
            self._rest("SUCCEEDED", "SUCCESS")
        elif not self.open:
            self._rest("CANCELLED" if goal == "CANCEL" else "FAILED", cause)
        elif wish and not self.undo_begun:
            self.state, self.goal, self.cause, self.undo_begun = "ROLLING_BACK", "", cause, True
            self.only, self.by_person, self.stop = (), False, False
        else:
            self._rest("PARTIALLY_FAILED", cause)
        self.ledger.begin_round()

    def _rest(self, state: str, cause: str) -> None:
        self.state, self.cause, self.goal = state, cause, ""

    def _rest_state(self) -> str:
        if self.cause == "SUCCESS" and not self.undo_begun and not self.unsettled:
            return "SUCCEEDED"  # rule 14
        if self.open:
            return self.state if self.state == "ROLLBACK_FAILED" else "PARTIALLY_FAILED"
        if self.cause == "ROLLBACK" or (self.cause == "SUCCESS" and self.undo_begun):
            return "ROLLED_BACK"
        return "CANCELLED" if self.cause == "CANCEL" else "FAILED"

    # ------------------------------------------------------------------ rolling back

    def concerns(self, row: Row) -> bool:
        """Whether the rollback is about it."""
        return not self.only or row.key in self.only or row.base in self.only

    def _undo_phase(self) -> str:
        if self.only is None or self.stop:
            return ""
        mine = [row for row in self.rows if self.concerns(row)]
        if any((row.sought and not row.tried) or row in self.ledger.to_look() for row in mine):
            return "SETTLE"
        return "UNDO" if any(self._start(row) <= self.ledger.now for row in self._to_undo()) else ""

    def _to_undo(self) -> list[Row]:
        """Return what may be undone, now or after a wait: fewer than n were begun (rule 25)."""
        return [
            row
            for row in self.rows
            if self.concerns(row)
            and self.ledger.removable(row)
            and not row.awaits_look
            and not self._spent(row)
            and not self.ledger.blocked(row)
        ]

    def _spent(self, row: Row) -> bool:
        return row.begun >= self.policy.undos

    def _start(self, row: Row) -> int:
        """Return from when on it may be undone: rule 24, and the backoff of rule 25."""
        if row.state not in ("UNDOING", "UNDO_FAILED"):
            return 0
        return max(row.window, row.failed + 2 ** (row.begun - 1) if row.begun and row.state == "UNDO_FAILED" else 0)

    def _undo_waits(self) -> bool:
        """Whether the rollback only waits, for a look or for the time of an undo."""
        if self.stop:
            return False
        return bool(self._to_undo()) or any(row.awaits_look and self.concerns(row) for row in self.rows)

    def removing(self, key: str, epoch: int, until: int) -> None:
        """Write that something is about to be taken away, by the script or by a rollback."""
        self.fence(epoch)
        if self.phase == "UNDO":
            row = self.ledger.rows.get(key)
            if row is None or self.stop or not self.concerns(row):
                raise Refused("17")
            if self._spent(row):
                raise Refused("25")
        if (row := self.ledger.rows.get(key)) is not None and self.ledger.blocked(row):
            raise Refused("16, 32")
        self.ledger.undoing(key, until)

    def _undo_over(self) -> None:
        self.ledger.interrupt()
        self.ledger.begin_round()
        left = [row for row in self.rows if row.open and self.concerns(row)]
        aside = bool(self.only) and all("~" in key for key in self.only or ())
        if self.by_person and (not aside or self.undo_begun or not (self.open or self.cause == "SUCCESS")):
            self.cause = "ROLLBACK"
        state = "ROLLBACK_FAILED"
        if self.cause == "SUCCESS" and not left and not self.unsettled:
            state = "SUCCEEDED"
        elif not self.open:
            state = self._rest_state()
        elif self.only and not left and not self.stop:
            state = "PARTIALLY_FAILED"  # rule 17
        self.only = None
        self._rest(state, self.cause)

    # ------------------------------------------------------------------ people

    def ask(self, what: str) -> None:
        """Raise Refused unless the table has it."""
        if what not in self.allowed():
            raise Refused(f"{what} is not for {self.state}")

    def cancel(self) -> None:
        """Cancel; a second one changes nothing, also when the first has brought it to rest."""
        done = self.state == "CANCELLING" or (self.state in RESTING and self.cause == "CANCEL")
        if done and not self.deleted:
            return
        self.ask("cancel")
        if self.state == "ROLLING_BACK":
            self.stop = True
        elif self.state == "QUEUED" and not self.rows:
            self._rest("CANCELLED", "CANCEL")
        else:
            self.state = "CANCELLING"
            if self.phase != "RUN":
                self.goal = "CANCEL"
        self.go_on()

    def resume(self) -> None:
        """Run again with what is there."""
        self.ask("resume")
        self.state, self.goal, self.cause = "QUEUED", "", ""
        self.failures = self.losses = self.settle_losses = 0
        self.ledger.begin_round()
        self.ledger.check_all()
        self.go_on()

    def roll_back(self, only: tuple[str, ...], retain: tuple[str, ...]) -> None:
        """Rules 17, 19, 31."""
        self.ask("roll back")
        if any(key not in self.ledger.rows for key in only):
            raise Refused("17")
        kept = self.ledger.kept(retain)
        self.state, self.undo_begun = "ROLLING_BACK", self.undo_begun or not only
        self.only, self.by_person, self.stop = only, True, False
        self.ledger.begin_round()
        for row in kept:
            self.ledger.set(row, "RETAINED", owned=False, tried=False)
        self.go_on()

    def resolve(self, key: str, said: str, id_: str) -> None:
        """Take a verdict (rule 20). One that says what is the case already changes nothing."""
        row = self.ledger.rows.get(key)
        if row and not self.deleted and self._said(row, said, id_):
            return
        self.ask("resolve")
        succeeded = self.state == "SUCCEEDED" and said not in ("RETAIN", "FORGET")
        if row is None or succeeded or not row.open or said not in VERDICTS.get(row.state, ()):
            raise Refused("20")
        if row.id and id_ not in ("", row.id):
            raise Refused("20")
        self.ledger.verdict(row, said, id_)
        self.state = self._rest_state()
        self.go_on()

    def _said(self, row: Row, said: str, id_: str) -> bool:
        """Whether it is what the verdict would make of it."""
        if said == "CREATED":
            return row.state == "CREATED" and row.owned and bool(row.id) and id_ in ("", row.id)
        return row.state == SAID[said]

    def delete(self) -> None:
        """Leave a tombstone; a second one changes nothing."""
        if self.deleted:
            return
        self.ask("delete")
        self.deleted = True
