"""The Wharfinger server: durable cloud tasks behind gRPC."""

__version__ = "0.1.0"
