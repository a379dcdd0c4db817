"""What the author of an executor imports: the interface, and the suite that any executor must pass."""
