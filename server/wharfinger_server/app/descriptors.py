"""The limit of open descriptors: each connection takes one, and without any nobody gets in."""

from __future__ import annotations

import logging
import os
import resource

log = logging.getLogger(__name__)

MOST = 1 << 20
"""The limit is raised no further than this, though the system may allow any number."""
_FEW = 4096
_NEAR, _FAR = 0.8, 0.7


def raise_limit() -> None:
    """Let the process open as many descriptors as it may, and say so where these are few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as error:
            log.warning("the limit of descriptors can't be raised from %d to %d: %s", soft, wanted, error)
    limit = _limit()
    if limit < _FEW:
        log.warning(
            "the server may open %d descriptors, and each connection takes one; raise LimitNOFILE, or `ulimit -Hn`",
            limit,
            extra={"limit": limit},
        )


class Descriptors:
    """Warns when nearly all descriptors are taken, once until there are more again."""

    def __init__(self) -> None:
        self._warned = False

    def look(self) -> None:
        """See how many are taken."""
        limit, taken = _limit(), _taken()
        if not self._warned and taken > limit * _NEAR:
            self._warned = True
            log.warning(
                "%d of %d descriptors are taken; beyond them no new connection is accepted: close some, or raise"
                " LimitNOFILE and start the server again",
                taken,
                limit,
                extra={"taken": taken, "limit": limit},
            )
        elif self._warned and taken < limit * _FAR:
            self._warned = False
            log.info("descriptors are free again", extra={"taken": taken, "limit": limit})


def _limit() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else soft


def _taken() -> int:
    """Return about how many there are: the system gives out the lowest number that is free."""
    try:
        number = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return _limit()
    os.close(number)
    return number
