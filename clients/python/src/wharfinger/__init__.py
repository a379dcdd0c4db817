"""Wharfinger: cloud work as durable tasks."""

__version__ = "0.1.0"
