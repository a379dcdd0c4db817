"""Prices, files of them, and keys to sign them with, for tests of the pricing layer."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable
from decimal import Decimal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wharfinger_prices.price import Price


def price(sku: str = "m.large", amount: str | None = "0.10", **more: object) -> Price:
    """Return a price for an hour in Frankfurt."""
    said = {"provider": "onprem", "region": "fra", "unit": "Hours", "currency": "USD"} | more
    return Price(sku=sku, amount=None if amount is None else Decimal(amount), **said)  # type: ignore[arg-type]


def line(sku: str = "m.large", amount: object = "0.10", **more: object) -> dict[str, object]:
    """Return a price as a line of our own format has it."""
    said = {"provider": "onprem", "region": "fra", "sku": sku, "unit": "Hours", "currency": "USD", "amount": amount}
    return said | more


def document(lines: Iterable[dict[str, object]]) -> bytes:
    """Return a file of our own format."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in lines)


def many(count: int, amount: str = "0.10") -> bytes:
    """Return a file of `count` prices, all alike but for their names."""
    return document(line(f"m{n}", amount) for n in range(count))


class Signer:
    """A minisign key, made anew."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.id = os.urandom(8)
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = base64.b64encode(b"Ed" + self.id + public).decode()

    def sign(self, data: bytes, *, prehashed: bool = True, comment: str = "timestamp:1") -> bytes:
        """Return the signature file of `data`."""
        kind = b"ED" if prehashed else b"Ed"
        signature = self._key.sign(hashlib.blake2b(data, digest_size=64).digest() if prehashed else data)
        ending = self._key.sign(signature + comment.encode())
        lines = [
            "untrusted comment: signature from a test",
            base64.b64encode(kind + self.id + signature).decode(),
            f"trusted comment: {comment}",
            base64.b64encode(ending).decode(),
        ]
        return "\n".join(lines).encode() + b"\n"
