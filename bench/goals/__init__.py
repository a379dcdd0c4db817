"""One file a goal: how it is measured, against what, and how its answers are checked."""
