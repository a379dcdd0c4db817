"""The formats of price data that come with the server. Each is registered by its entry point, like anyone's."""
