"""Fail at import with what is no Exception."""

raise SystemExit("burst")
