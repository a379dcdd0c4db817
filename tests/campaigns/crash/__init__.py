"""kill -9 of the real server at random instants, held against the oracle of a cloud that fails."""
