"""Catalogues, each a file of prices: how one is read from a source, checked, built, compared and kept."""
