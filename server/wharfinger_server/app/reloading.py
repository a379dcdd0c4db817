"""Takes scripts that are edited while the server runs. For development: nobody checks them before they are used."""

from __future__ import annotations

import asyncio
import logging

from wharfinger_server.engine.scripts.installed import Scripts
from wharfinger_server.registry import ScriptPlugin, twice
from wharfinger_server.registry.script_files import VERSION, ScriptFiles

log = logging.getLogger(__name__)

PAUSE = 0.3
"""Seconds between two looks at the files."""


async def reload_scripts(files: ScriptFiles, scripts: Scripts, pause: float = PAUSE) -> None:
    """Look at the files for ever, and have `scripts` take what was edited; what runs goes on with what it began with.

    An edit that can't be used is told with what is wrong and where, and the script stays as it was.
    """
    while True:
        await asyncio.sleep(pause)
        if await asyncio.to_thread(files.changed):
            for plugin in await asyncio.to_thread(files.load):
                _take(scripts, plugin)


def _take(scripts: Scripts, plugin: ScriptPlugin) -> None:
    facts = {"plugin": plugin.name}
    able = scripts.get(plugin.name) is not None
    there = scripts.plugins.get(plugin.name)
    if there is not None and there.version != VERSION:
        log.warning("the script %s can't be used: %s", plugin.name, twice(plugin, there), extra=facts)
    elif why := scripts.take(plugin):
        stays = "; it stays as it was before the edit" if able else ""
        log.warning("the script %s can't be used: %s%s", plugin.name, why, stays, extra=facts)
    else:
        log.info("the script %s was read again", plugin.name, extra=facts)
