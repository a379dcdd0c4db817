"""An identity provider on loopback: it publishes keys, signs what it is asked to, and signs people in.

Whoever comes to sign in is at once taken to be `person`, the claims of the token that is given for the code.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import secrets
import threading
import time
from functools import cache
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa


@cache
def rsa_key(kid: str) -> rsa.RSAPrivateKey:
    """Return a key for the tests of this process: each takes a while to make."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class IdentityProvider:
    """Serves its discovery document and its keys; `keys` are the private ones by their ids."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.asked = 0
        self.away = False
        self.person: dict[str, Any] = {}
        self.secret = ""
        self.refuses = ""
        self._codes: dict[str, dict[str, str]] = {}
        self.add_key("first")
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.answer(self)

            def do_POST(self) -> None:
                provider.give_token(self)

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add_key(self, kid: str, *, curve: bool = False) -> None:
        """Publish one more key."""
        if curve:
            self.keys[kid] = ec.generate_private_key(ec.SECP256R1())
        else:
            self.keys[kid] = rsa_key(kid)

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """Answer a request."""
        if self.away:
            request.send_error(503)
            return
        if request.path == "/.well-known/openid-configuration":
            told: dict[str, Any] = {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/keys",
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
            }
        elif request.path.startswith("/authorize?"):
            self._authorize(request)
            return
        else:
            self.asked += 1
            told = {"keys": [self._jwk(kid) for kid in self.keys]}
        self._tell(request, 200, told)

    def _authorize(self, request: http.server.BaseHTTPRequestHandler) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked
        said = {"error": "access_denied", "error_description": self.refuses} if self.refuses else {"code": code}
        request.send_response(302)
        request.send_header("Location", f"{asked['redirect_uri']}?{urlencode(said | {'state': asked['state']})}")
        request.end_headers()

    def give_token(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """Answer a code, once, with a token, to whoever has the proof that goes with it."""
        body = request.rfile.read(int(request.headers["Content-Length"]))
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        asked = self._codes.pop(form["code"], {})
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        right = proof == asked.get("code_challenge") and form.get("client_secret", "") == self.secret
        if not right or any(form[name] != asked[name] for name in ("client_id", "redirect_uri")):
            self._tell(request, 400, {"error": "invalid_grant"})
            return
        token = self.token(**({"nonce": asked["nonce"]} | self.person))
        self._tell(request, 200, {"token_type": "Bearer", "access_token": "is-not-to-be-read", "id_token": token})

    def _tell(self, request: http.server.BaseHTTPRequestHandler, status: int, told: dict[str, Any]) -> None:
        data = json.dumps(told).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    def _jwk(self, kid: str) -> dict[str, Any]:
        public = self.keys[kid].public_key()
        algorithm = jwt.algorithms.RSAAlgorithm if isinstance(public, rsa.RSAPublicKey) else jwt.algorithms.ECAlgorithm
        told: dict[str, Any] = algorithm.to_jwk(public, as_dict=True)
        return told | {"kid": kid, "use": "sig"}

    def public_pem(self, kid: str = "first") -> bytes:
        """Return a public key, as whoever forges tokens has it."""
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        pem: bytes = self.keys[kid].public_key().public_bytes(serialization.Encoding.PEM, kind)
        return pem

    def claims(self, **more: Any) -> dict[str, Any]:
        """Return the claims of a token that holds; None takes one away."""
        now = int(time.time())
        usual = {
            "iss": self.url,
            "aud": "wharfinger",
            "sub": "ann",
            "iat": now,
            "exp": now + 600,
            "wharfinger_projects": ["a"],
        }
        return {name: value for name, value in (usual | more).items() if value is not None}

    def token(self, kid: str = "first", **more: Any) -> str:
        """Return a signed token."""
        key = self.keys[kid]
        algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(self.claims(**more), key, algorithm, {"kid": kid})
