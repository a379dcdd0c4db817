"""What callers give the engine and get from it, as plain values, and how it is read.

`requests` and `task_view` are the values; `filters`, `page_tokens` and `id_checks` read what callers wrote.
"""
