"""Gathers the raw settings from the file, the environment and the command line, and knows where each came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from wharfinger_prices.settings.toml_lines import line_of

PREFIX = "WHARFINGER_"


class ConfigError(Exception):
    """The settings are wrong. `problems` holds one sentence for each fault, with where it is and what to do."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class Gathered:
    """The settings as they were written, later sources over earlier ones, and every problem noted on the way."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.used = False
        self.tree: dict[str, Any] = {}
        self.problems: list[str] = []
        self._text = ""
        self._origin: dict[tuple[str, ...], str] = {}

    def read_file(self) -> None:
        """Take the file's settings.

        Raises:
            ConfigError: the file can't be read, or is not TOML.
        """
        import tomllib

        try:
            self._text = self.file.read_text("utf-8")
            self.tree = tomllib.loads(self._text)
            self.used = True
        except FileNotFoundError:
            hint = "`wharfinger config sample` prints one to begin with"
            raise ConfigError([f"{self.file}: there is no such file; {hint}"]) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError([f"{self.file}: it can't be read: {error}"]) from None
        except tomllib.TOMLDecodeError as error:
            raise ConfigError([f"{self.file}: it is not TOML: {error}"]) from None

    def read_environment(self, environ: Mapping[str, str], typed: Iterable[str]) -> None:
        """Take every WHARFINGER_SECTION__KEY. Outside of the `typed` sections TOML values are read as such."""
        if environ.get(PREFIX + "DATA_DIR"):
            self.put(("server", "data_dir"), environ[PREFIX + "DATA_DIR"], PREFIX + "DATA_DIR")
        for name in sorted(environ):
            if not name.startswith(PREFIX) or "__" not in name:
                continue
            path = tuple(name.removeprefix(PREFIX).lower().split("__"))
            if all(path):
                self.put(path, environ[name] if path[0] in typed else toml_value(environ[name]), name)
            else:
                self.problems.append(f"{name}: write {PREFIX}SECTION__KEY, such as {PREFIX}SERVER__ADDRESS")

    def put(self, path: tuple[str, ...], value: object, origin: str) -> None:
        """Set one value over whatever stands there; `origin` is the variable or option it came from."""
        node: Any = self.tree
        for depth, part in enumerate(path[:-1]):
            if isinstance(node, list):
                if not part.isdigit() or int(part) > len(node):
                    what = f"the tokens are numbered from 0 without a gap, and there are {len(node)}"
                    self.problems.append(f"{origin}: {what}; write {PREFIX}TOKENS__{len(node)}__CREATOR and so on")
                    return
                if int(part) == len(node):
                    node.append({})
                node = node[int(part)]
            elif isinstance(node, dict):
                node = node.setdefault(part, [] if depth == 0 and part == "tokens" else {})
        if isinstance(node, dict):
            node[path[-1]] = value
            self._origin[path] = origin
        else:
            self.problems.append(f"{origin}: {'.'.join(path[:-1])} has no named keys")

    def table(self, *path: str) -> dict[str, Any]:
        """Return the table at `path`, empty where there is none; note it where something else stands there."""
        node: Any = self.tree
        for part in path:
            node = node.get(part, {})
        if isinstance(node, dict):
            return node
        self.problem(path, f"must be a table; write [{'.'.join(path)}] above its keys")
        return {}

    def where(self, path: tuple[str, ...]) -> str:
        """Return where `path` was set: file and line, variable or option."""
        if path in self._origin:
            return self._origin[path]
        line = line_of(self._text, path)
        return f"{self.file}:{line}" if line else str(self.file)

    def problem(self, path: tuple[str, ...], what: str) -> None:
        """Note what is wrong with the value at `path`."""
        self.problems.append(f"{self.where(path)}: {'.'.join(path)} {what}")

    def unknown(self, path: tuple[str, ...], known: Iterable[str], noun: str = "setting") -> None:
        """Note a key or table that does not exist, with the nearest that does."""
        import difflib

        near = difflib.get_close_matches(path[-1], list(known), n=1)
        hint = f"did you mean {near[0]}?" if near else "`wharfinger config sample` shows them all"
        self.problem(path, f"is no {noun}; {hint}")


def toml_value(text: str) -> object:
    """Return `text` read as a TOML value, or as it is."""
    if re.match(r"[\[{\"'0-9tf+-]", text):
        import tomllib

        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text
