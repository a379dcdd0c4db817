"""Long searches for what must never happen. Each is a program of its own, with a short form in the suite."""
