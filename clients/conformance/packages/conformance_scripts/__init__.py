"""Scripts that the conformance scenarios run on a real server."""
