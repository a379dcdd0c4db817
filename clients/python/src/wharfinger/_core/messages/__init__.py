"""Messages of the API, made of what callers give and read as the client's values."""
