"""What the author of a price source needs: the interface, and the suite that checks one."""
