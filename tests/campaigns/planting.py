"""How a bug is planted: a named way to spoil the product, undone when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch


class Ground:
    """Where bugs are planted. What is put somewhere is taken away again at the end."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def put(self, home: Any, name: str, wrong: Any) -> Any:
        """Put `wrong` in the place of what `home` calls `name`; return what was there."""
        was = getattr(home, name)
        self._stack.enter_context(patch.object(home, name, wrong))
        return was


Spoil = Callable[[Ground], None]


@dataclass(frozen=True, slots=True)
class Bug:
    """One bug: its name, the rule of the ledger that it breaks (or what else it does), and how it is planted."""

    name: str
    rule: str
    spoil: Spoil

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Have the bug in the product for a while."""
        with ExitStack() as stack:
            self.spoil(Ground(stack))
            yield


class Catalogue(list[Bug]):
    """Bugs, each written as one function whose docstring says what is wrong."""

    def bug(self, rule: str) -> Callable[[Spoil], Spoil]:
        """Take a function into the catalogue."""

        def take(spoil: Spoil) -> Spoil:
            self.append(Bug(spoil.__name__, rule, spoil))
            return spoil

        return take
