"""Libcloud's own tests, run through this package: as they are, and with a fault in every making method."""
