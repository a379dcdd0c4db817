"""Everything at once: random mixes of what goes wrong with disks, databases, clocks, processes and scripts."""
