"""Campaigns side by side: each has a server, a provider, a database, a clock and a process of its own."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.campaigns.chaos.campaign import Campaign, Findings
from tests.campaigns.chaos.mixes import AIMS, USUAL, Mix
from tests.campaigns.chaos.seabed import Seabed

STORES = {"sqlite": (False,), "postgres": (True,), "both": (False, True, False)}
"""Whether a server is on PostgreSQL, in turn."""


def play(tasks: int, seed: int, *, postgres: bool, at_once: int, mend: str = "") -> Findings:
    """Play one campaign in a folder that is thrown away."""
    logging.getLogger("wharfinger").setLevel(logging.ERROR)  # that a server is away is what this is about
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        seabed = stack.enter_context(Seabed()) if postgres else None
        mix = AIMS.get(mend, Mix()) if mend else USUAL
        campaign = Campaign(
            Path(folder), tasks=tasks, seed=seed, at_once=at_once, seabed=seabed, mend=mend, mix=mix, hasty=bool(mend)
        )
        return asyncio.run(campaign.run())


def play_all(tasks: int, seed: int, store: str, *, servers: int, at_once: int) -> list[Findings]:
    """Play `tasks` stories on so many servers at a time; each has the next seed."""
    kinds = STORES[store]
    with ProcessPoolExecutor(servers, mp_context=multiprocessing.get_context("spawn")) as pool:
        playing = [
            pool.submit(
                play,
                tasks // servers + (n < tasks % servers),
                seed + n,
                postgres=kinds[n % len(kinds)],
                at_once=at_once,
            )
            for n in range(servers)
        ]
        return [each.result() for each in playing]
