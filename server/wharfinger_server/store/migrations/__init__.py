"""The schema's history; `store.migrate` runs what is missing when a database is opened."""
