"""An example of a price source that does not come with the product."""
