"""The import of price data: asked for, fetched, its signature checked, and made a catalogue."""
