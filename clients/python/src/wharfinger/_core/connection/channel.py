"""gRPC's channel arguments and credentials for our settings, the same for both kinds of channel."""

from __future__ import annotations

import ipaddress

import grpc

from wharfinger._core.connection.methods import service_config
from wharfinger._core.connection.settings import Settings
from wharfinger._version import __version__

MESSAGE_LIMIT = 16 * 1024 * 1024


def options(settings: Settings) -> list[tuple[str, str | int]]:
    """Return the channel's arguments."""
    chosen: list[tuple[str, str | int]] = [
        ("grpc.primary_user_agent", f"wharfinger-python/{__version__}"),
        ("grpc.service_config", service_config()),
        ("grpc.enable_retries", 1),
        # Pages keep to 3 MiB; the rest is room for one large task.
        ("grpc.max_receive_message_length", MESSAGE_LIMIT),
        ("grpc.max_send_message_length", MESSAGE_LIMIT),
        # A connection that died silently is found out within 40 seconds, while calls are open.
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 5_000),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        # One client's broken connection is its own: none waits for the backoff of another.
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if _local(settings.target):
        # A proxy of the environment has nothing to do with this machine's own addresses.
        chosen.append(("grpc.enable_http_proxy", 0))
    return chosen


def credentials(settings: Settings) -> grpc.ChannelCredentials | None:
    """Return the credentials of a channel by TLS, None for a plain one."""
    if not settings.tls:
        return None
    return grpc.ssl_channel_credentials(settings.ca, settings.key, settings.cert)


def metadata(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return what every call carries."""
    return (("authorization", f"Bearer {settings.token}"),) if settings.token else ()


def _local(target: str) -> bool:
    host = target.rpartition(":")[0].strip("[]")
    if target.startswith("unix:") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
