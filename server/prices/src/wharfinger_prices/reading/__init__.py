"""The readers that formats stand on: streams of JSON, lines, tables and pages, and the fields of a price."""
