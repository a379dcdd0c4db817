"""The client's subcommands, a module for each few that belong together."""
