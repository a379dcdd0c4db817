"""What to say to someone who wrote a name that is not there."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST = 80
"""How much of a strange name is compared, and repeated, in characters: longer ones take long."""


def near(wrong: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Return the `known` names that come close to a wrong one, the closest first; letters may be of another case."""
    import difflib  # most names are right, and a server starts without it

    spelled = {name.lower(): name for name in known}
    return [spelled[name] for name in difflib.get_close_matches(wrong[:LONGEST].lower(), spelled, most)]


def did_you_mean(wrong: str, known: Iterable[str], otherwise: str) -> str:
    """Return "did you mean …?" with the closest of the `known` names, `otherwise` where none is close."""
    found = near(wrong, known)
    return f"did you mean {found[0]}?" if found else otherwise
