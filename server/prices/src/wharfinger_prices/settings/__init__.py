"""Settings: read from a TOML file and the environment, checked, and each fault told with its line and what to do.

Read in this order: `price_settings` (what prices work by), `sections` (typed keys), `gather` (where each value was
set), `units` (durations and sizes). The server's own settings are declared and read by these too.
"""
