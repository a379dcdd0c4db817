"""The exit codes of the command line: fixed, so that programs can rely on them."""

OK = 0
FAILED = 1
"""The task failed, was cancelled or was rolled back: it did not succeed, and nothing is left over."""
USAGE = 2
PARTIALLY_FAILED = 3
"""The task stopped half-way, and something may be alive."""
UNREACHABLE = 4
"""No answer from the server, or not within the time given."""
REFUSED = 5
QUARANTINED = 6
"""Price data was read and is kept, and the checks object to it: what was in force stays in force."""
INTERRUPTED = 130
