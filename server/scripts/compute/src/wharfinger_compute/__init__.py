"""Scripts for nodes at any provider that libcloud has a driver for."""
