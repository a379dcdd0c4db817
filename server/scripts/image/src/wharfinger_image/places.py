"""The kind of place that a store has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from wharfinger.script import Failed, Store
from wharfinger_image.folder import FolderPlace
from wharfinger_image.glance_place import GlancePlace
from wharfinger_image.params import NAME_PATTERN
from wharfinger_image.place import Place
from wharfinger_image.s3_place import CopiedS3Place, S3Place


def place(store: Store, name: str, mark: str = "", inherited: str = "", **sizes: Any) -> Place:
    """Return the place of `name` in `store`; `sizes` are those of Place.

    Raises Failed (PARAMS_INVALID) for a name that is no plain path.
    """
    if re.fullmatch(NAME_PATTERN, name) is None:  # params are checked before; here it keeps a name inside its folder
        raise Failed(f"{name!r} is no name for an image", reason="PARAMS_INVALID")
    return _kind(store)(store, name, mark, inherited, **sizes)


def ask(asked: Mapping[str, Any], places: Sequence[Place]) -> None:
    """Have those of `places` that are in image services be what the param `glance` says.

    Raises Failed (PARAMS_INVALID) if it says something, and there are none.
    """
    found = [one for one in places if isinstance(one, GlancePlace)]
    if "glance" in asked and not found:
        why = "glance: it is not put into an OpenStack image service (a store `glance://`); leave it out"
        raise Failed(why, reason="PARAMS_INVALID")
    for one in found:
        one.ask(asked.get("glance", {}))


def _kind(store: Store) -> type[Place]:
    if store.url_scheme == "file":
        return FolderPlace
    if store.url_scheme == "glance":
        return GlancePlace
    if store.url_scheme == "s3":
        return S3Place if store.config.get("copy_if_not_exists", "multipart") == "multipart" else CopiedS3Place
    return Place
