"""What `make bench` measures: the server against its ceilings and its peers, each taken in turns in one run."""
