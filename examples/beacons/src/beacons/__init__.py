"""An example of a script package."""
