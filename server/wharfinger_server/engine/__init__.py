"""The engine: tasks are created, dispatched, watched, cancelled, settled, rolled back and expired.

`engine` puts the parts together. The rooms, from the top, each importing only what stands below it:

- `use_cases`: what callers can have done, one method a call;
- `execution`: which task runs next, its attempt, and recovery after a crash;
- `watching` (how events reach watchers, and all that waits) and `lifecycle` (how a task changes in one transaction);
- `scripts` (what is installed) and `interface` (what callers give and get);
- `params`: JSON checked, made canonical, sealed.

Read `lifecycle` first, then `execution.dispatcher`, then `use_cases.tasks`. All that waits goes by the one clock that
the engine is given (`domain.timing`), which a test moves by hand.
"""
