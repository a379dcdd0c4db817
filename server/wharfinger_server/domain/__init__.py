"""Values and decisions, with no I/O: what a task, its ledger, a failure and a policy are, and what may happen to them.

Times are whole microseconds since the epoch, durations whole microseconds; a zero time or duration means "not set".
"""
