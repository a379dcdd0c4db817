"""The look-up of prices through layers of catalogues, each made of files; and their export for Libcloud."""
