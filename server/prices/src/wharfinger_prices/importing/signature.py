"""Signatures of price data, as minisign makes them: Ed25519 over the file, or over its BLAKE2b digest.

https://jedisct1.github.io/minisign/#signature-format
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wharfinger_prices.errors import PermissionDenied

_TRUSTED = "trusted comment: "
_LARGEST = 8192
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class _Signature:
    """A signature file: how the file was signed, by which key, and the two signatures."""

    prehashed: bool
    key: bytes
    signature: bytes
    comment: bytes
    comment_signature: bytes


def key_id(key: bytes) -> str:
    """Return a key's id as minisign writes it."""
    return key[::-1].hex().upper()


def verify(path: Path, signature: bytes, trusted: Mapping[str, str]) -> str:
    """Return the name of the trusted key that signed the file; `trusted` are minisign public keys by name.

    Raises PermissionDenied PRICES_SIGNATURE for a signature that is none, is by another key, or does not fit the file
    or its own trusted comment.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    told = _parse(signature)
    shown = key_id(told.key)
    found = _trusted_key(told.key, trusted)
    if found is None:
        names = ", ".join(f"{name} ({key_id(_id(key))})" for name, key in sorted(trusted.items())) or "none"
        raise refused(f"it is by the key {shown}, and trusted are: {names}", shown)
    name, public = found
    key = Ed25519PublicKey.from_public_bytes(public)
    try:
        key.verify(told.signature, _digest(path) if told.prehashed else _bytes(path))
    except InvalidSignature:
        raise refused(f"it does not fit the data (key {shown}, {name}): one of them was changed", shown) from None
    try:
        key.verify(told.comment_signature, told.signature + told.comment)
    except InvalidSignature:
        raise refused(f"its trusted comment was changed (key {shown}, {name})", shown) from None
    return name


def refused(cause: str, key: str = "") -> PermissionDenied:
    """Return the refusal of a signature."""
    return PermissionDenied("PRICES_SIGNATURE", f"the signature of the price data is refused: {cause}", {"key": key})


def missing() -> PermissionDenied:
    """Return the refusal of data without a signature where the operator demands one."""
    why = "the price data has no signature, and [prices] require_signature demands one; give its .minisig file"
    return PermissionDenied("PRICES_SIGNATURE", why, {"key": ""})


def _parse(signature: bytes) -> _Signature:
    lines = signature[: _LARGEST + 1].decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if len(signature) > _LARGEST or len(lines) < 4 or not lines[2].startswith(_TRUSTED):
        raise refused("it is no minisign signature file, which has four lines")
    body, ending = _decoded(lines[1], 74), _decoded(lines[3], 64)
    if body[:2] not in (b"Ed", b"ED"):
        raise refused("it is of a kind that is not known; minisign's are Ed and ED")
    comment = lines[2].removeprefix(_TRUSTED).encode()
    return _Signature(body[:2] == b"ED", body[2:10], body[10:], comment, ending)


def _decoded(line: str, size: int) -> bytes:
    try:
        found = base64.b64decode(line.strip(), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != size:
        raise refused("it is no minisign signature file: a line is not what it should be")
    return found


def _id(public: str) -> bytes:
    return base64.b64decode(public)[2:10]


def _trusted_key(key: bytes, trusted: Mapping[str, str]) -> tuple[str, bytes] | None:
    for name, public in trusted.items():
        if _id(public) == key:
            return name, base64.b64decode(public)[10:]
    return None


def _digest(path: Path) -> bytes:
    digest = hashlib.blake2b(digest_size=64)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.digest()


def _bytes(path: Path) -> bytes | memoryview:
    """Return the file's bytes; of a large file without reading them into memory of our own."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            return b""
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
