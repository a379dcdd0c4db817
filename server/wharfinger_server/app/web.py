"""The gateway's place in the process: what it is given, when it opens, and how it ends with the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wharfinger_server.app.health import Health
from wharfinger_server.app.listener import Listener, NotListening
from wharfinger_server.config import Address, ConfigError, Settings
from wharfinger_server.engine.engine import Engine
from wharfinger_server.store.store import Store

if TYPE_CHECKING:
    from wharfinger_server.access.signing_in import SigningIn
    from wharfinger_server.gateway.application import Application
    from wharfinger_server.gateway.listening import Gateway

_LAST_ANSWERS = 2.0
"""How long answers that are ready may take to leave."""


class Web:
    """The gateway while the server lives."""

    def __init__(self, application: Application, gateway: Gateway, scheme: str) -> None:
        self._application = application
        self._gateway = gateway
        self.url = f"{scheme}://{gateway.address}"

    def start(self) -> None:
        """Begin to answer."""
        self._gateway.start()

    def drain(self) -> None:
        """Take no more calls; those at work go on."""
        self._application.draining = True

    async def stop(self) -> None:
        """End."""
        await self._gateway.stop()


def open_gateway(settings: Settings, listener: Listener, engine: Engine, store: Store, health: Health) -> Web:
    """Open the gateway's port. Nothing of it is imported where none is wanted.

    Raises:
        ConfigError: what it needs is not installed; NotListening: the port can't be opened.
    """
    try:
        from wharfinger_server.gateway.listening import Gateway
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("uvicorn", "h11"):
            raise
        why = "gateway.address: the gateway is not installed; run `pip install 'wharfinger-server[gateway]'`"
        raise ConfigError([why]) from None
    from wharfinger_server.gateway.application import Application, Desk
    from wharfinger_server.gateway.metrics import Metrics
    from wharfinger_server.gateway.origins import Origins
    from wharfinger_server.gateway.routes import Routes
    from wharfinger_server.gateway.sign_in import SignIn
    from wharfinger_server.gateway.wire import Limits

    routes = Routes(listener.services)
    metrics = Metrics(engine, store, listener.calls, routes)
    origins = Origins(
        settings.gateway.cors_origins, open_to_all=not settings.authenticates and not settings.server.insecure
    )
    sign_in = SignIn(_signing(settings, listener), secure=bool(settings.tls.cert))
    desk = Desk(lambda: health.well, listener.calls.check_beside, metrics.text, sign_in)
    most = settings.limits.message_bytes
    application = Application(routes, origins, Limits(most, most), desk)
    address = Address.parse(settings.gateway.address)
    try:
        gateway = Gateway(application, address, settings, _LAST_ANSWERS)
    except OSError as error:
        raise NotListening(f"the gateway can't listen on {address}: {error.strerror or error}") from None
    return Web(application, gateway, "https" if settings.tls.cert else "http")


def _signing(settings: Settings, listener: Listener) -> SigningIn | None:
    """Return what signs people in with their identity provider, None where none knows the page."""
    if not (settings.oidc.issuer and settings.oidc.page_client):
        return None
    from wharfinger_server.access.credentials import Shown
    from wharfinger_server.access.signing_in import SigningIn

    return SigningIn(settings.oidc, lambda token: listener.knowing.callers.of(Shown(token)))
