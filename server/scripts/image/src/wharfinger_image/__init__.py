"""Wharfinger's scripts for disk images: `image.import`, `image.export` and `image.clone`."""
