"""A virtual clock, and lives on it: a server or a worker that can be killed or paused between any two of its steps.

Everything runs on one event loop whose time jumps to the next timer. Each callback belongs to the life in whose context
it was scheduled; one of a dead life is dropped, one of a paused life waits.
"""

from __future__ import annotations

import asyncio
import contextvars
import random
import selectors
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from wharfinger.ledger import ids
from wharfinger.runtime import steps, undoing, verbs
from wharfinger_server.store.commit import writer

EPOCH = 1_800_000_000
"""When every history begins, in seconds."""

graveyard: list[object] = []
"""What died: while it is held, no `finally` of it is run by its deallocation."""


class Life:
    """Something that runs until it is killed. `fuse` counts the steps until `burnt` is called, None: never."""

    def __init__(self, name: str, parent: Life | None = None) -> None:
        self.name = name
        self.fuse: int | None = None
        self.burnt: Callable[[], None] = self.kill
        self._alive = True
        self._parent = parent
        self._held: list[tuple[Callable[..., Any], tuple[Any, ...], contextvars.Context]] | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs, as far as it is not paused."""
        return self._alive and (self._parent is None or self._parent.alive)

    @property
    def paused(self) -> bool:
        """Whether it is held up."""
        return self._held is not None

    def kill(self) -> None:
        """End it: nothing of it runs any more."""
        self._alive = False
        graveyard.append(self)

    def pause(self) -> None:
        """Hold it up where it is."""
        self._held = self._held or []

    def revive(self) -> None:
        """Let a paused life go on, with all that came meanwhile."""
        held, self._held = self._held or [], None
        for callback, arguments, context in held:
            asyncio.get_running_loop().call_soon(callback, *arguments, context=context)

    def step(self) -> bool:
        """Take a step; False where it is the last one and is not made any more."""
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse <= 0:
                self.fuse = None
                self.burnt()
        return self.alive

    def context(self) -> contextvars.Context:
        """Return a new context of this life."""
        context = contextvars.Context()
        context.run(LIFE.set, self)
        return context

    def do(self, act: Callable[..., Any], *arguments: Any) -> None:
        """Call something as a part of this life, unless it is over."""
        if self.alive:
            self.context().run(act, *arguments)

    def held(self, callback: Callable[..., Any], arguments: tuple[Any, ...], context: contextvars.Context) -> bool:
        """Keep a step of a paused life for later; False if it is not paused."""
        if self._held is None:
            return False
        self._held.append((callback, arguments, context))
        return True


ALWAYS = Life("always")
LIFE: contextvars.ContextVar[Life] = contextvars.ContextVar("life", default=ALWAYS)


LONGEST = 1_000_000
"""A history of more steps than this spins on the spot."""


class _Nothing(selectors.SelectSelector):
    """Waits for nothing, and lets time jump instead."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("nothing will ever happen any more")
        self.loop.now += timeout
        self.loop.turns += 1
        if self.loop.turns > LONGEST:
            raise RuntimeError("the history does not end")
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is virtual and begins at 0."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns = 0
        selector = _Nothing()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now

    def call_soon(self, callback: Any, *args: Any, context: contextvars.Context | None = None) -> Any:
        context = contextvars.copy_context() if context is None else context
        return super().call_soon(self._step, callback, args, context, context=context)

    call_soon_threadsafe = call_soon

    def call_at(self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None) -> Any:
        context = contextvars.copy_context() if context is None else context
        return super().call_at(when, self._step, callback, args, context, context=context)

    @staticmethod
    def _step(callback: Callable[..., Any], arguments: tuple[Any, ...], context: contextvars.Context) -> None:
        life = LIFE.get()
        if life.alive and life.held(callback, arguments, context):
            return
        if life.alive and life.step():
            callback(*arguments)
        else:
            graveyard.append((callback, arguments))


@contextmanager
def virtual_time(loop: VirtualLoop, dice: random.Random) -> Iterator[None]:
    """Let all that asks for the time hear the loop's, and all that wants chance get it from `dice`."""
    virtual = SimpleNamespace(monotonic=loop.time)
    with ExitStack() as stack:
        stack.enter_context(patch.object(writer, "time", virtual))
        stack.enter_context(patch.object(undoing, "steady", loop.time))
        stack.enter_context(patch.object(verbs.Verbs.__init__, "__defaults__", (loop.time,)))
        defaults = {**steps.Step.__init__.__kwdefaults__, "clock": loop.time}
        stack.enter_context(patch.object(steps.Step.__init__, "__kwdefaults__", defaults))
        stack.enter_context(patch.object(ids, "secrets", SimpleNamespace(randbits=dice.getrandbits)))
        stack.enter_context(patch.object(ids, "_DRAWN", 1))  # chance in the order in which it is wanted
        yield
