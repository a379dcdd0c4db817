"""Conversions between the wire's messages and the domain's values, one file a noun."""
