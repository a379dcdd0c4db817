"""What compute.deploy can do at each provider, from the drivers' signatures and the script's own tables."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from libcloud.compute.base import NodeDriver

from generators.rendering import Rendered, table
from generators.signatures import SIGNED, create_node_of, driver_of
from wharfinger_compute.providers import FLOATING
from wharfinger_compute.shaping import NEEDS, SHAPES, SIZE_AS_TEXT, takes_volumes
from wharfinger_libcloud.markings import Marking, marking

_GIVEN = frozenset({"name", "size", "image", "location"})
_COLUMNS = {
    "ssh_keys": "keys",
    "networks": "networks",
    "subnet": "subnet",
    "security_groups": "groups",
    "boot_volume": "boot volume",
    "password": "password",
    "user_data": "user data",
}


class Deploying(Rendered):
    """`{deploying}`: the table of providers."""

    sources = ("server/scripts/compute/src/wharfinger_compute/shaping.py",)

    def markdown(self) -> Iterator[str]:
        """Yield the table."""
        head = ("Provider", "needs", *_COLUMNS.values(), "tags", "volumes", "addresses", "found again by")
        yield from table(head, rows())


def rows() -> list[tuple[str, ...]]:
    """Return a row for each provider whose driver says what it takes."""
    return [_row(provider) for provider in SIGNED]


def needed(provider: str) -> list[str]:
    """Return what must be given at a provider beside name, size, image and location."""
    given = _GIVEN | {SIZE_AS_TEXT.get(provider, "size")}
    lacking = [
        name
        for name, one in inspect.signature(create_node_of(provider)).parameters.items()
        if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD and name not in given
    ]
    keys = " or ".join(f"`{feature}`" for feature in ("ssh_keys", "password") if provider in SHAPES[feature])
    words = [keys if name == "auth" and keys else f"`extra.{name}`" for name in lacking]
    return [*(f"`{feature}`" for feature in NEEDS.get(provider, {})), *words]


def _row(provider: str) -> tuple[str, ...]:
    marks = marking(provider)
    features = [_yes(provider in SHAPES[feature]) for feature in _COLUMNS]
    tags = _yes(bool(marks.tags) and marks.form != "text")
    kind = driver_of(provider)
    made = kind.create_volume is not NodeDriver.create_volume and kind.attach_volume is not NodeDriver.attach_volume
    volumes = _yes(made and takes_volumes(provider, kind.create_volume.__get__(object())))
    return (
        f"`{provider}`",
        ", ".join(needed(provider)),
        *features,
        tags,
        volumes,
        _yes(provider in FLOATING),
        _found(marks),
    )


def _yes(able: bool) -> str:
    return "yes" if able else ""


def _found(marks: Marking) -> str:
    return "token" if marks.token else "tag" if marks.tags else "name"
