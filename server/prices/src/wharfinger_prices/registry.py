"""Installed plug-ins by their entry points, and which of them are price sources. The only place that knows stevedore.

A plug-in that can't be used stays listed, with one sentence that says why; nothing that a plug-in does while it is
imported, `sys.exit()` included, keeps the others from loading.
"""

from __future__ import annotations

import inspect as inspection
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import metadata
from types import ModuleType
from typing import Any, TypeVar

from stevedore.extension import Extension, ExtensionManager

from wharfinger_prices.plugin_places import place_of_error
from wharfinger_prices.sdk.price_source import PriceSource

SOURCES = "wharfinger.price_sources"

P = TypeVar("P")

Around = Callable[[str, str, str], AbstractContextManager[object]]
"""Given an entry-point group, a plug-in's name and its package: goes round all that is done with the plug-in's code."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_SENTENCE_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """One name of one entry-point group: what it loaded to, or in `broken` why it can't be used.

    `distribution` and `version` are those of the installed package, "" where it does not tell; where several packages
    provide the name, those of all, comma-separated.
    """

    name: str
    distribution: str
    version: str
    broken: str = ""
    target: Any = None


@dataclass(frozen=True, slots=True)
class SourcePlugin:
    """An installed price source, named like its format. `broken` is "" or why it can't be used; then `cls` is None."""

    name: str
    distribution: str
    version: str
    broken: str
    cls: type[PriceSource] | None


# ---------------------------------------------------------------------- price sources


def load_sources(around: Around | None = None) -> dict[str, SourcePlugin]:
    """Import every installed price source and return them by name, broken ones too; `around` goes round each import."""
    return load_kind(SOURCES, _source, SourcePlugin, around or nothing_around)


def usable(sources: Mapping[str, SourcePlugin]) -> dict[str, type[PriceSource]]:
    """Return the classes of those that can be used, by name."""
    return {name: plugin.cls for name, plugin in sources.items() if plugin.cls is not None}


def _source(found: Found) -> SourcePlugin:
    broken, cls = found.broken or no_subclass(found.target, PriceSource), found.target
    if not broken and not isinstance(getattr(cls, "summary", None), str):
        broken = f"{cls.__module__}.{cls.__qualname__} has no summary; it must say in one line whose data it reads"
    return SourcePlugin(found.name, found.distribution, found.version, broken, None if broken else cls)


# ---------------------------------------------------------------------- kinds of plug-in


def nothing_around(*_: str) -> AbstractContextManager[None]:
    """Return what goes round nothing."""
    return nullcontext()


def load_kind(
    group: str, look: Callable[[Found], P], kind: Callable[[str, str, str, str, None], P], around: Around
) -> dict[str, P]:
    """Return a group's plug-ins as `look` finds them; one that does not bear to be looked at as a broken `kind`."""
    plugins = {}
    for found in load_group(group, around):
        try:
            with around(group, found.name, found.distribution):
                plugin = look(found)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a plug-in may compute what it declares, and fail in any way
            why = failure("looking at it failed", error)
            plugin = kind(found.name, found.distribution, found.version, why, None)
        plugins[found.name] = plugin
    return plugins


def no_subclass(target: Any, base: type) -> str:
    """Return why `target` is no class that implements `base`, "" if it is one."""
    if not (isinstance(target, type) and issubclass(target, base)):
        return f"its entry point names {kind_of(target)}; it must name a subclass of {base.__module__}.{base.__name__}"
    if inspection.isabstract(target):
        missing = ", ".join(sorted(getattr(target, "__abstractmethods__", ())))
        return f"{target.__module__}.{target.__qualname__} does not implement {missing}"
    return ""


def is_name(name: str) -> bool:
    """Whether a plug-in can be called so: up to 63 letters, digits, '.', '_' or '-', a sign not first."""
    return _NAME.fullmatch(name) is not None


def kind_of(target: Any) -> str:
    """Return what an entry point names instead of what it should."""
    if isinstance(target, ModuleType):
        return f"the module {target.__name__}"
    name = getattr(target, "__qualname__", None)
    return f"{type(target).__name__} {name}" if isinstance(name, str) else f"a {type(target).__name__}"


# ---------------------------------------------------------------------- loading


def load_group(group: str, around: Around = nothing_around) -> list[Found]:
    """Load every plug-in of an entry-point group and return them by name; those that can't be loaded with why."""
    installed: dict[str, list[metadata.EntryPoint]] = {}
    for entry_point in metadata.entry_points(group=group):
        installed.setdefault(entry_point.name, []).append(entry_point)
    sole = [points[0] for name, points in installed.items() if len(points) == 1 and _NAME.fullmatch(name)]
    loaded, failed = _load(group, sole, around)
    results = []
    for name, points in sorted(installed.items()):
        owners = [_owner(point) for point in points]
        distribution, version = (", ".join(dict.fromkeys(told)) for told in zip(*owners, strict=True))
        if len(points) > 1:
            who = " and ".join(" ".join((*owner, f"({p.value})")) for owner, p in zip(owners, points, strict=True))
            why = f"the name is provided more than once, by {who}, and none of them is used; uninstall all but one"
        elif not _NAME.fullmatch(name):
            why = f"{name!r} can't be a name; it must be up to 63 letters, digits, '.', '_' or '-', a sign not first"
        else:
            why = failed.get(name, "")
        results.append(Found(name, distribution, version, why, loaded.get(name)))
    return results


def _owner(entry_point: metadata.EntryPoint) -> tuple[str, str]:
    """Return name and version of the distribution, "" for what its metadata does not tell."""
    if entry_point.dist is None:
        return "", ""
    told = entry_point.dist.metadata
    name, version = (str(told[key]) if key in told else "" for key in ("Name", "Version"))
    return name, version


def _load(group: str, entry_points: list[metadata.EntryPoint], around: Around) -> tuple[dict[str, Any], dict[str, str]]:
    failed: dict[str, str] = {}

    def on_failure(_: ExtensionManager[Any], entry_point: metadata.EntryPoint, error: BaseException) -> None:
        cause = error.__cause__ if isinstance(error, _LoadFailure) and error.__cause__ else error
        failed[entry_point.name] = failure(f"importing {entry_point.value} failed", cause)

    class Manager(_Manager):
        found = entry_points

        def _load_one_plugin(self, ep: metadata.EntryPoint, *args: Any, **kwargs: Any) -> Extension[Any] | None:
            with around(group, ep.name, _owner(ep)[0]):
                return super()._load_one_plugin(ep, *args, **kwargs)

    manager = Manager(group, invoke_on_load=False, on_load_failure_callback=on_failure)
    return {extension.name: extension.plugin for extension in manager.extensions}, failed


class _LoadFailure(Exception):
    """Carries what stevedore would let through."""


class _Manager(ExtensionManager[Any]):
    """stevedore's manager without its cache and its gaps.

    The cache file that it keeps for the entry points of a path compares times that are rounded to minutes, so that a
    package which was just installed again is loaded as it was before, and it does not know distributions.
    """

    found: list[metadata.EntryPoint] = []  # noqa: RUF012 - set once, by the subclass

    def list_entry_points(self) -> list[metadata.EntryPoint]:
        """Return the entry points to load."""
        return self.found

    def _load_one_plugin(self, *args: Any, **kwargs: Any) -> Extension[Any] | None:
        try:
            return super()._load_one_plugin(*args, **kwargs)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise _LoadFailure from error


def failure(what: str, error: BaseException) -> str:
    """Return one sentence: what failed, with which error, where."""
    try:
        message = " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - an exception's __str__ is the plug-in's own code
        message = ""
    where = place_of_error(error)
    text = f"{what} with {type(error).__name__}" + (f": {message}" if message else "")
    return one_sentence(f"{text} (at {where})" if where else text)


def one_sentence(text: str) -> str:
    """Return `text`, cut where it is too long to be read."""
    return text if len(text) <= _SENTENCE_LIMIT else text[: _SENTENCE_LIMIT - 1] + "…"
