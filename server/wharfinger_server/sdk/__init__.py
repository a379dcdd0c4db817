"""The SDK of executors: the interface, what executors stand on, and the suite that any executor must pass."""
