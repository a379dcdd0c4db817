"""Connections to URLs that strangers give: to public addresses only, resolved once and connected to as checked.

Read in this order: `addresses` (which ones are public), `locations` (where a URL leads, checked), `connection` (an HTTP
connection to there and nowhere else). The standard library alone.
"""
