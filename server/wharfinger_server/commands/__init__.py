"""The commands that the server adds to `wharfinger`: `serve`, `config` and `prices`. Loaded by their entry points."""

from wharfinger_server.commands.serving import config, serve

__all__ = ["config", "serve"]
