"""The Wharfinger server: durable cloud tasks behind gRPC."""

from wharfinger._version import __version__ as __version__
