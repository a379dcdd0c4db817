"""An example of an executor that does not come with the server."""
