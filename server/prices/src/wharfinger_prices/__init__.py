"""Cloud prices: read from the providers' files, kept as catalogues, looked up through layers, exported for Libcloud.

Read in this order: `price` (what one is), `sdk.price_source` (what reads a format; `formats` are those that come along,
`reading` what they stand on), `catalogues` (files of prices: built, checked, compared, kept), `importing` (how data
comes in), `lookup` (how a price is found).
"""

__version__ = "0.1.0"
