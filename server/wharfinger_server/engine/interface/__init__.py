"""The engine's interface: requests and answers as plain values, and the reading of filters, ids and page tokens.

`requests` and `task_view` are the values; `filters`, `page_tokens` and `id_checks` read what callers wrote.
"""
