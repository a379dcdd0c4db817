"""Power cuts: what the real store wrote and synced is recorded, and replayed up to a cut."""
