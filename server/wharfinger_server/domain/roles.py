"""What people and programs may do in a project."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """What a credential is for; each may do what those below it may. A worker's credential has none of these."""

    VIEWER = 1
    """Looks at everything of its projects, sealed params excepted, and changes nothing."""
    OPERATOR = 2
    """Submits, cancels, resumes, rolls back and deletes, too; where it opens all projects, it looks after prices."""
    ADMIN = 3
    """Reads the record of who did what, too, and says who may do what."""

    @property
    def word(self) -> str:
        """The role as settings, tokens and claims name it."""
        return self.name.lower()


ROLES = {role.word: role for role in Role}
"""The roles by their words."""
