"""How a price is found: through layers of catalogues, each made of files; and their export for Libcloud."""
