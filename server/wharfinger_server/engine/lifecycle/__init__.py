"""The life of a task, one transaction at a time: decisions only, no clock, no thread and no call to anybody.

Read `lifecycle` first (begin, end, cancel, expire), then `rollback`; `recording` turns each change into an event and a
new version of the task, and `causes` says why a task is as it is.
"""
