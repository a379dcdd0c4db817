"""The reasons why a server was not reached, in words, with what to do: gRPC's own texts are for whoever debugs gRPC."""

from __future__ import annotations

import re

from wharfinger._core.connection.settings import Settings

# What gRPC says before the cause; the address is told already.
_BEFORE = re.compile(r"failed to connect to all addresses; last error: \w+: \S+: (Failed to connect to remote host: )?")


def cause(text: str, settings: Settings, *, answered: bool = False) -> tuple[str, str]:
    """Return the cause that gRPC's `text` tells, and what to do about it: "" where nothing is known to help.

    `answered`: the server did answer before, so that how it is spoken to is not what is wrong.
    """
    text = _BEFORE.sub("", text)
    for pattern, secure, words, hint in _KNOWN:
        if secure in (None, settings.tls) and re.search(pattern, text):
            host = settings.target.rpartition(":")[0]
            closed = pattern == _CLOSED and answered
            return words.format(host=host) or text, "" if closed else hint.format(server=settings.server)
    return text, ""


# A connection that was there is gone.
_CLOSED = "Socket closed|[Cc]onnection reset|Broken pipe"
# What gRPC says, whether by TLS (None: either way), what it means ("" as gRPC says it), and what to do.
_KNOWN: tuple[tuple[str, bool | None, str, str], ...] = (
    (
        "WRONG_VERSION_NUMBER",
        True,
        "what listens there does not speak TLS",
        "without TLS it is http://{server}, for a network that you trust",
    ),
    (
        "CERTIFICATE_VERIFY_FAILED",
        True,
        "its certificate is not signed by an authority that is trusted here",
        "name the authority's certificate by `ca` (--ca, WHARFINGER_CA)",
    ),
    (
        "Hostname Verification Check failed",
        True,
        "its certificate is for another name than {host}",
        "ask it by the name that its certificate has",
    ),
    (
        _CLOSED,
        True,
        "",
        "if it asks callers for a certificate, give yours by `cert` and `key`",
    ),
    (
        _CLOSED,
        False,
        "",
        "it was spoken to without TLS; if it speaks TLS it is https://{server}",
    ),
    (
        r"Failed parsing HTTP/2|[Tt]rying to connect an http1\.x server|Received http2 header with status",
        None,
        "what listens there is no gRPC server",
        "see to the port: 7480 is the usual one",
    ),
    (
        "before receiving SETTINGS",
        None,
        "what listens there says nothing",
        "see to the port; perhaps the server is stopped, or something between here and there holds the line",
    ),
    (
        "errors resolving|DNS|Domain name not found|Misformatted",
        None,
        "there is no such host",
        "see to the address, and to this machine's name service",
    ),
)
