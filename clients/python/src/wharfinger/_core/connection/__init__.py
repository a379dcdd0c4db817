"""Reaching a server: settings, channels, the two transports, and what their failures mean."""
