"""The use cases: tasks are created, dispatched, watched, cancelled, settled, expired."""
