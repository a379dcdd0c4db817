"""Tells the service manager (systemd, or any that speaks its protocol) where the server is in its life."""

from __future__ import annotations

import logging
import os
import socket

log = logging.getLogger(__name__)


def notify(state: str) -> None:
    """Send a state such as READY=1 to the socket that NOTIFY_SOCKET names; without one do nothing."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    # A path that begins with @ stands for the abstract namespace.
    address = "\0" + path[1:] if path.startswith("@") else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
            manager.sendto(state.encode(), address)
    except OSError as error:
        log.warning("the service manager at %s was not told %s: %s", path, state, error)
