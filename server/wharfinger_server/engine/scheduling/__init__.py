"""Schedules: tasks that are asked for at times.

Read `schedules` first, which has what callers can do with them; `firing` waits for their instants, and `asking` says
what each asks for.

An instant's task is asked for under a request id that is made of the schedule and the instant, and only then is the
schedule moved on. A server that ends in between finds the task that was made, and makes no second one.
"""
