"""The installed scripts, and what a task may name of what the operator configured.

`installed` has them all; `param_references` and `grants` check what params name, and `unknown_names` says what
comes close to a name that is not there.
"""
