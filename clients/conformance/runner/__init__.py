"""Runs the conformance scenarios over the drivers of the languages."""
