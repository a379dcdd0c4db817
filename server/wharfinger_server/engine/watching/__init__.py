"""Watches: the way of committed events to those who watch.

`broadcast` takes every commit and wakes the watchers by `wakeup`, whose alarms wake waiting tasks, too. `watch` is what
watches tell and how they wait; `task_watch` follows one task and `project_watch` all of a project, each from a position
that `positions` writes and reads as a token.
"""
