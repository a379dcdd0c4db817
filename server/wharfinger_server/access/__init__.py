"""Who calls, and what they may: identity and rights.

Read in this order: `credentials` is what a call shows, `callers` makes of it who calls, by the `tokens` of settings and
token file, the `certificates` of settings, or an `oidc` issuer; `rules` has one rule for each call of each service, and
checks callers against it. gRPC is none of its business: `rpc` brings the credentials and asks.
"""
