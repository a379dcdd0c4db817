"""The simulation: the real engine on a virtual clock, with a cloud that fails, servers that die workers that pause."""
