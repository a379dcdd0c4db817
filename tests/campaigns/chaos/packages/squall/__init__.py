"""Plug-ins that misbehave when they are imported or looked at. None of them keeps a server from its work."""
