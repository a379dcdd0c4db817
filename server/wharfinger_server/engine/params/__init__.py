"""Params and results as JSON: checked against a schema, made canonical, and their secrets sealed.

Read `schema` first; `violations` puts what does not match into sentences, `canonical_json` has the one form that is
compared and kept, `sealed_fields` finds what a schema marks `writeOnly`, and `sealing` encrypts it.
"""
