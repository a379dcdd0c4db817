"""The ledger keys of what the scripts make, from what the params name: `main` and `estimate` use the same ones."""

from __future__ import annotations

import hashlib
import os.path

_LONGEST = 200


def object_key(store: str, name: str) -> str:
    """Return the key of the object `name` in `store`: a store's name, or the whole path of a folder."""
    return f"object/{_word(f'{store}/{name}')}"


def staging_key(store: str, name: str) -> str:
    """Return the key of what is uploaded on the way to the object `name` in `store`."""
    return f"staging/{_word(f'{store}/{name}')}"


def upload_key(shown: str) -> str:
    """Return the key of what is on its way to the presigned URL that is told as `shown`."""
    return f"upload/{_word(shown)}"


def delivery_key(shown: str) -> str:
    """Return the key of what was handed over there."""
    return f"delivery/{_word(shown)}"


def folder_name(path: str) -> str:
    """Return what the folder with a whole path is called in keys. No disk is asked: who may not use it learns nothing.

    Where links lead is another question; see `folder.folder_store`.
    """
    return os.path.normpath(path)


def _word(text: str) -> str:
    """Return `text` as a part of a key: without the one character that keys do not have, and not too long."""
    word = text.lstrip("/").replace("~", "%7E")
    if len(word) <= _LONGEST:
        return word
    return f"{word[:_LONGEST]}…{hashlib.sha256(text.encode()).hexdigest()[:16]}"
