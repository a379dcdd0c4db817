"""Scripts that tests run on a real server: small, each with one behaviour."""
