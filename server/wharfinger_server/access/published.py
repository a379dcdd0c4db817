"""What an identity provider publishes and answers: small JSON documents."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from wharfinger_server.config import Oidc

_PATIENCE = 10.0
_MOST_BYTES = 1024 * 1024


class Published:
    """One provider. Its calls block, so they belong on a thread; each raises OSError or ValueError."""

    def __init__(self, oidc: Oidc) -> None:
        self._issuer = oidc.issuer
        self._context = ssl.create_default_context(cafile=oidc.ca or None)

    def place(self, name: str) -> str:
        """Return the URL that the discovery document has by a name, such as `jwks_uri`."""
        told = self.get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != self._issuer:
            raise ValueError(f"its discovery document is of another issuer, {str(told.get('issuer'))[:200]!r}")
        url = told.get(name)
        if not isinstance(url, str):
            raise ValueError(f"its discovery document has no {name}")  # noqa: TRY004 - it is the issuer's
        if self._issuer.startswith("https:") and not url.startswith("https:"):
            raise ValueError(f"its discovery document names a {name} that is not encrypted, {url[:200]!r}")
        return url

    def get(self, url: str) -> Mapping[str, Any]:
        """Return the document at a URL."""
        return self._answer(url, None)

    def post(self, url: str, form: Mapping[str, str]) -> Mapping[str, Any]:
        """Return what is answered to a form. What the provider says of a refusal is in the ValueError."""
        return self._answer(url, urllib.parse.urlencode(form).encode())

    def _answer(self, url: str, body: bytes | None) -> Mapping[str, Any]:
        if not url.startswith(("https://", "http://")):
            raise ValueError(f"{url[:200]!r} is no web address")
        request = urllib.request.Request(url, body, {"Accept": "application/json"})  # noqa: S310 - looked at above
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE, context=self._context) as answer:  # noqa: S310 - as above
                data = answer.read(_MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            if body is None or error.code not in (400, 401):
                raise
            with error:
                raise ValueError(f"it refuses: {error.read(500).decode('utf-8', 'replace')!r}") from None
        if len(data) > _MOST_BYTES:
            raise ValueError(f"{url} is longer than {_MOST_BYTES} bytes")
        told = json.loads(data)
        if not isinstance(told, dict):
            raise ValueError(f"{url} is no JSON object")  # noqa: TRY004 - it is the issuer's, and no argument
        return told
