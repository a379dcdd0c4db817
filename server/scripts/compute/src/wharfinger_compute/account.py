"""Cloud accounts: from the operator's profile to a driver.

    [profiles.lab]
    provider = "ec2"
    key = { env = "LAB_KEY" }
    secret = { command = ["pass", "show", "lab"] }
    region = "eu-west-1"
    projects = ["default"]
    options = { signature_version = "4" }
    extra = { ex_terminate_on_shutdown = true }

`key`, `secret` and what is in `options` and `extra` are values, or name an environment variable, or a command that
prints the value. `options` are the driver's own, `extra` those of each node that is made.

`projects` lists those that may use it; without it all may.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from wharfinger.script import AsyncTask, Failed
from wharfinger_libcloud.markings import Marking, marking
from wharfinger_libcloud.wording import said

COMMAND_TIMEOUT = 30.0
REQUEST_TIMEOUT = 40.0
"""Seconds for each request: a creation and the look after it end within the window of a call, which has 90."""
_KNOWN = frozenset({"provider", "key", "secret", "region", "host", "port", "secure", "options", "extra", "projects"})
_UNAUTHENTICATED = 16
_INVALID = 3


@dataclass(frozen=True, slots=True)
class Account:
    """An open account: its profile's name, libcloud's word for the provider, the driver, what each node is given."""

    profile: str
    provider: str
    driver: Any
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def marks(self) -> Marking:
        """How the provider marks what it makes."""
        return marking(self.provider)


@asynccontextmanager
async def opened(task: AsyncTask, profile: str, *, kind: str = "compute", workers: int = 16) -> AsyncIterator[Account]:
    """Open the account `[profiles.NAME]` by a driver of libcloud's `kind`.

    Each request ends within REQUEST_TIMEOUT seconds, or fails.

    Raises Failed: UNKNOWN_PROFILE, and PROFILE_MISCONFIGURED, which never shows a credential.
    """
    table = task.cloud(profile)
    granted = table.get("projects")
    if granted is not None and task.context.project not in granted:
        # As a profile that there is none of: what other projects have is not told.
        raise Failed(
            f"there is no cloud profile {profile!r} for project {task.context.project!r}",
            reason="UNKNOWN_PROFILE",
            metadata={"profile": profile},
        )
    provider = str(table.get("provider") or "").lower()
    if not provider:
        raise _wrong(profile, 'it has no `provider`; name one of libcloud\'s, such as "ec2" or "openstack"')
    unknown = sorted(set(table) - _KNOWN)
    if unknown:
        raise _wrong(profile, f"`{unknown[0]}` is no key of a profile; what only the driver knows goes into `options`")
    options = {name: table[name] for name in ("region", "host", "port", "secure") if name in table}
    given = _defaults(provider, kind) | _table(task, profile, "options", table)
    extra = _table(task, profile, "extra", table)
    credentials = {name: _value(profile, name, table[name]) for name in ("key", "secret") if name in table}
    # Beside a secret a key is only its name.
    task.hide(credentials.get("secret") or credentials.get("key", ""))
    # Libcloud takes longer to import than a server to start: so with the first account, and beside the event loop.
    aio = await asyncio.to_thread(import_module, "wharfinger_libcloud.aio")
    try:
        made = aio.driver(
            _maker(profile, provider) if kind == "compute" else provider,
            kind=kind,
            **credentials,
            **options,
            **given,
            workers=workers,
            request_timeout=REQUEST_TIMEOUT,
        )
        account = await made.__aenter__()
    except Exception as error:  # noqa: BLE001 - whatever a driver raises for its arguments
        what = _told(error, [*credentials.values(), *_texts(options), *_texts(given)])
        raise _wrong(
            profile, f"libcloud can't make a {provider} driver of it ({what}); see its provider and options"
        ) from None
    try:
        yield Account(profile, provider, account, extra)
    finally:
        await made.__aexit__(None, None, None)


def _defaults(provider: str, kind: str) -> dict[str, Any]:
    """Return options that are given unless the profile says otherwise: libcloud's own are those of ten years ago."""
    return {"api_version": "2.2"} if (provider, kind) == ("openstack", "compute") else {}


_kept: dict[str, Any] = {}
_keeping = threading.Lock()


def _maker(profile: str, provider: str) -> Any:
    """Return what makes the driver: its name, but for the one whose cloud is in the driver itself and goes with it."""
    if provider != "dummy":
        return provider

    def lend(creds: Any = "", **options: Any) -> Any:
        """Return the one driver of this profile that the process has."""
        from libcloud.compute.drivers import dummy

        with _keeping:
            if profile not in _kept:
                kind: Any = dummy.DummyNodeDriver
                _kept[profile] = kind(creds, **options)
            return _kept[profile]

    return lend


def _table(task: AsyncTask, profile: str, name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table of the profile, with the values of what is named in it by {env} and {command}."""
    given = table.get(name) or {}
    if not isinstance(given, Mapping):
        raise _wrong(profile, f"`{name}` must be a table")
    found = {}
    for key, value in given.items():
        named = isinstance(value, Mapping) and len(value) == 1 and bool({"env", "command"} & value.keys())
        found[str(key)] = _value(profile, f"{name}.{key}", value) if named else value
        if named:
            task.hide(found[str(key)])
    return found


def _told(error: Exception, values: Sequence[str]) -> str:
    """Return what a driver objects to: the kind of its error, and of one about its arguments the text as well.

    The text may hold what the driver was given, which is left out.
    """
    if not isinstance(error, TypeError):
        return type(error).__name__
    text = said(error)
    for value in sorted(filter(None, values), key=len, reverse=True):
        text = text.replace(value, "…")
    return f"{type(error).__name__}: {text[:300]}"


def _texts(table: Mapping[str, Any]) -> list[str]:
    """Return the values of a table as texts, those of tables in it too."""
    found: list[str] = []
    for value in table.values():
        found += _texts(value) if isinstance(value, Mapping) else [str(value)]
    return found


def _value(profile: str, name: str, given: Any) -> str:
    if isinstance(given, str):
        return given
    if isinstance(given, Mapping) and isinstance(given.get("env"), str):
        found = os.environ.get(given["env"])
        if not found:
            raise _wrong(profile, f"`{name}` names the environment variable {given['env']}, which is not set")
        return found
    if isinstance(given, Mapping) and isinstance(given.get("command"), (list, tuple)) and given["command"]:
        return _printed(profile, name, [str(part) for part in given["command"]])
    raise _wrong(profile, f'`{name}` must be text, {{ env = "NAME" }} or {{ command = ["program", "argument"] }}')


def _printed(profile: str, name: str, command: list[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_TIMEOUT, check=False, text=True
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _wrong(profile, f"the command for `{name}` did not run: {type(error).__name__}") from None
    if done.returncode or not done.stdout.strip():
        raise _wrong(profile, f"the command for `{name}` printed nothing of use and ended with {done.returncode}")
    return done.stdout.strip()


def _wrong(profile: str, why: str) -> Failed:
    return Failed(
        f"the cloud profile {profile!r} can't be used: {why}",
        reason="PROFILE_MISCONFIGURED",
        code=_INVALID,
        metadata={"profile": profile},
    )


def told(profile: str, error: Exception) -> Failed:
    """Return what a failed request that changes nothing means to the caller."""
    status = getattr(error, "code", None)
    if type(error).__name__ == "InvalidCredsError" or status in (401, 403):
        return Failed(
            f"the cloud of profile {profile!r} refuses its credentials",
            reason="CREDENTIALS_REFUSED",
            code=_UNAUTHENTICATED,
            metadata={"profile": profile},
        )
    if isinstance(error, NotImplementedError):
        return Failed(
            f"libcloud's driver for profile {profile!r} can't do it: {said(error)[:300]}",
            reason="NOT_SUPPORTED",
            code=12,
            metadata={"feature": said(error)[:100], "profile": profile},
        )
    return Failed(
        f"the cloud of profile {profile!r} does not answer as it should: {type(error).__name__}: {said(error)[:300]}",
        reason="CLOUD_UNAVAILABLE",
        retryable=True,
        code=14,
        metadata={"profile": profile},
    )
