"""Scripts that the benchmarks run."""
