"""The kind of place that a store has."""

from __future__ import annotations

import re
from typing import Any

from wharfinger.script import Failed, Store
from wharfinger_image.folder import FolderPlace
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


def _kind(store: Store) -> type[Place]:
    if store.url_scheme == "file":
        return FolderPlace
    if store.url_scheme == "s3":
        return S3Place if store.config.get("copy_if_not_exists", "multipart") == "multipart" else CopiedS3Place
    return Place
