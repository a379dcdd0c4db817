"""The commands that the server adds to `wharfinger`: `serve`, `config` and `prices`. Loaded by their entry points."""
