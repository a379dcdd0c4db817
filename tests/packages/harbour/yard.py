"""A provider made of files, for scripts under test: it honours tokens, lists, deletes, and remembers every call."""

import fcntl
import os
import uuid
from pathlib import Path


class Yard:
    """Things are files in `folder`/things, named by token; `folder`/calls is the log of calls."""

    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / "things").mkdir(parents=True, exist_ok=True)
        (self.folder / "locks").mkdir(exist_ok=True)

    def note(self, line):
        """Append a line to the log of calls, in one write."""
        descriptor = os.open(self.folder / "calls", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, f"{line}\n".encode())
        os.close(descriptor)

    def noted(self, start):
        """Return how many lines of the log begin so."""
        calls = self.folder / "calls"
        return sum(line.startswith(f"{start} ") for line in calls.read_text().splitlines()) if calls.exists() else 0

    def make(self, token, key):
        """Make a thing; the same token gives the same thing."""
        place = self.folder / "things" / token
        draft = self.folder / f"draft-{uuid.uuid4().hex}"
        draft.write_text(f"{uuid.uuid4().hex} {key}")
        try:
            os.link(draft, place)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        self.note(f"make {key} {token}")
        return self.find(token)[0]

    def find(self, token):
        """Return the ids under a token."""
        place = self.folder / "things" / token
        return [place.read_text().split()[0]] if place.exists() else []

    def has(self, thing):
        """Return whether there is a thing of that id; one that is hidden is denied."""
        if (self.folder / "hidden" / thing).exists():
            return False
        return any(place.read_text().split()[0] == thing for place in (self.folder / "things").iterdir())

    def alone(self, name):
        """Take the lock of a task for the life of this process; False if another attempt has it now."""
        descriptor = os.open(self.folder / "locks" / name, os.O_WRONLY | os.O_CREAT)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            self.note(f"TWICE {name}")
            return None
        return descriptor

    def take_away(self, token, thing):
        """Delete a thing; one that is gone is no error."""
        self.note(f"delete {token} {thing}")
        (self.folder / "things" / token).unlink(missing_ok=True)
