"""The composition root: settings, database, plug-ins, engine and services become one process."""
