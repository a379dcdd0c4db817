"""The keys that sealed params are encrypted with: read from a file that only the server may read, or from a command.

One key a line: 32 random bytes in base64. The first one seals, all of them open, so that a new key is put above the old
ones and these stay until no task needs them. What follows a `#` is not read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
import shlex
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from wharfinger_prices.settings.gather import ConfigError

KEY_BYTES = 32
_COMMAND_TIMEOUT = 30.0


def make_key() -> str:
    """Return a new key as it stands in a file."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def key_id(key: bytes) -> str:
    """Return the name of a key, which tells nothing of it."""
    return hashlib.sha256(b"wharfinger seal key\0" + key).hexdigest()[:12]


def parse(text: str, place: str) -> dict[str, bytes]:
    """Return the keys of `text` by their ids, in order.

    Raises:
        ConfigError: a line holds none; `place` is where it stands. No message repeats the line.
    """
    keys: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        try:
            key = base64.b64decode(word, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            hint = "`wharfinger config seal-key` makes one"
            raise ConfigError([f"{place}:{number}: is no key of {KEY_BYTES} bytes in base64; {hint}"])
        keys[key_id(key)] = key
    return keys


class SealKeys:
    """The keys of one server. `place` says where they are, for people."""

    def __init__(self, file: Path, command: str = "") -> None:
        """Read the keys; a file that is not there is made when the first key is needed.

        Raises:
            ConfigError: they can't be read, are open to others, or are none.
        """
        self._file = file
        self._command = command
        self.place = f"the output of `{command}`" if command else str(file)
        self._keys = self._read()

    def current(self) -> tuple[str, bytes]:
        """Return the id of the key that seals, and the key; the file is made if there is none.

        Raises:
            ConfigError: there is no key, and none can be made.
        """
        if not self._keys and not self._command:
            self._make()
        if not self._keys:
            self._keys = self._read()
        for name, key in self._keys.items():
            return name, key
        raise ConfigError([f"{self.place} holds no key; put one there that `wharfinger config seal-key` makes"])

    def find(self, name: str) -> bytes | None:
        """Return the key of that id, None if there is none: one that was put there meanwhile is found."""
        if name not in self._keys:
            with suppress(ConfigError):  # what is there now can't be read: what was read before still counts
                self._keys = self._read() or self._keys
        return self._keys.get(name)

    def _read(self) -> Mapping[str, bytes]:
        return parse(self._printed() if self._command else self._written(), self.place)

    def _written(self) -> str:
        try:
            mode = self._file.stat().st_mode & 0o777
            text = self._file.read_text("ascii", "replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise ConfigError([f"{self.place}: the keys that seal params can't be read: {error.strerror}"]) from None
        if mode & 0o077:
            what = f"holds keys, and is open to others (mode {mode:o}); run `chmod 600 {self._file}`"
            raise ConfigError([f"{self.place} {what}"])
        return text

    def _printed(self) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command
                shlex.split(self._command), capture_output=True, check=True, timeout=_COMMAND_TIMEOUT, text=True
            )
        except subprocess.CalledProcessError as error:
            why = f"it ended with {error.returncode}"
        except subprocess.TimeoutExpired:
            why = f"it took longer than {_COMMAND_TIMEOUT:g} s"
        except (OSError, ValueError) as error:
            why = str(error)
        else:
            return done.stdout
        raise ConfigError([f"sealing.key_command: `{self._command}` printed no keys: {why}"])

    def _make(self) -> None:
        """Write a file with a new key: whole, on the disk, and never over one that somebody else made meanwhile."""
        folder = self._file.parent
        partial = self._file.with_name(f"{self._file.name}.{os.getpid()}.part")
        text = (
            f"# Opens the sealed params of tasks: keep it as you keep the database, and apart from it.\n{make_key()}\n"
        )
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                partial.unlink()
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            with suppress(FileExistsError):
                os.link(partial, self._file)
            partial.unlink()
            _sync(folder)
        except OSError as error:
            hint = "name another place in [sealing] key_file"
            what = f"a key to seal params with can't be written: {error.strerror}"
            raise ConfigError([f"{self._file}: {what}; {hint}"]) from None


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
