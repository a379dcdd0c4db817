"""Producers and workers of ours and of other task queues. Those of the others run in an environment of their own."""
