"""How price data comes in: asked for, fetched, its signature checked, and made a catalogue."""
