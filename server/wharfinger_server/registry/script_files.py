"""Scripts in files instead of installed packages, for development: an edited file can be read again.

A file is a script if it has a `main`, and named by its path in the folder: `net/open.py` is `net.open`. Other files are
modules that scripts import, as from a folder on the path.
"""

from __future__ import annotations

import ast
import importlib
import linecache
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from wharfinger.script import BrokenScript, inspect
from wharfinger_prices.registry import Around, failure, is_name, nothing_around, one_sentence
from wharfinger_server.registry import SCRIPTS, ScriptPlugin

VERSION = "0.dev0"
"""The version of all of them, whatever is edited: what one edit made, the next may resume and undo."""
_PACKAGE = "script_files"
_SETTLED = 0.1
"""Seconds that a file must stay as it is: editors write in several steps."""

Stamp = tuple[int, int, int]


class ScriptFiles:
    """The scripts in `place`, a folder or a single file. Its methods are for one thread at a time."""

    def __init__(self, place: Path) -> None:
        self.place = place.absolute()
        self._folder = self.place if self.place.is_dir() else self.place.parent
        self._seen: dict[Path, Stamp] = {}
        # Whatever else is imported, from the same folder too, is none of ours.
        self._others = {*sys.modules}

    @property
    def first_names(self) -> set[str]:
        """The first parts of the scripts' names: those of their tables in the settings."""
        return {self._name(file).partition(".")[0] for file in self._files()}

    def names(self) -> list[str]:
        """Return the names of the scripts as the files are now."""
        return [self._name(file) for file in self._files() if self._is_script(file)]

    def changed(self) -> bool:
        """Whether a file is another than when they were loaded; not while it may be half written."""
        now = self._stamps()
        if now == self._seen:
            return False
        time.sleep(_SETTLED)
        return self._stamps() == now

    def load(self, around: Around = nothing_around) -> list[ScriptPlugin]:
        """Import all scripts anew and return them, the broken ones with why. `around` goes round the import of each."""
        # Files that are edited twice in a second would be taken for their older bytecode.
        sys.dont_write_bytecode = True
        if str(self._folder) not in sys.path:
            sys.path.append(str(self._folder))
        self._seen = self._stamps()
        importlib.invalidate_caches()
        linecache.checkcache()
        before = self._forget_imported()
        plugins = []
        for file in self._files():
            if self._is_script(file):
                name = self._name(file)
                with around(SCRIPTS, name, ""):
                    plugins.append(self._plugin(name, file))
        for name, module in before.items():
            # What can't be imported any more stays for the scripts that were loaded with it.
            sys.modules.setdefault(name, module)
        return plugins

    # ------------------------------------------------------------------ files

    def _files(self) -> Iterator[Path]:
        if self.place != self._folder:
            yield self.place
            return
        for file in sorted(self._modules()):
            parts = file.relative_to(self._folder).parts
            if not any(part.startswith("_") for part in parts) and not file.name.startswith("test_"):
                yield file

    def _modules(self) -> Iterator[Path]:
        """Yield all files of Python; environments and hidden folders hold nobody's scripts."""
        if self.place != self._folder:
            yield from self._folder.glob("*.py")
            return
        for folder, inside, files in os.walk(self._folder):
            inside[:] = [] if "pyvenv.cfg" in files else [name for name in inside if not name.startswith((".", "__"))]
            if "pyvenv.cfg" not in files:
                yield from (Path(folder, name) for name in files if name.endswith(".py") and not name.startswith("."))

    def _name(self, file: Path) -> str:
        return ".".join(file.relative_to(self._folder).with_suffix("").parts)

    def _stamps(self) -> dict[Path, Stamp]:
        """Return what tells each file, the modules among them too, from what it was before."""
        found = {}
        for file in self._modules():
            try:
                stat = file.stat()
            except OSError:
                continue
            found[file] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        return found

    def _is_script(self, file: Path) -> bool:
        if file == self.place:
            return True
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError):
            return True  # loading it tells what is wrong
        return any("main" in _bound(node) for node in tree.body)

    # ------------------------------------------------------------------ modules

    def _forget_imported(self) -> dict[str, ModuleType]:
        """Have modules of the folder imported again by those that import them next; return them."""
        ours = {str(file) for file in self._modules()}
        found = {
            name: module
            for name, module in sys.modules.items()
            if name not in self._others
            and not name.startswith(f"{_PACKAGE}.")
            and getattr(module, "__file__", None) in ours
        }
        for name in found:
            del sys.modules[name]
        return found

    def _plugin(self, name: str, file: Path) -> ScriptPlugin:
        try:
            if not is_name(name):
                raise BrokenScript(
                    f"{name!r} can't be a script's name; name the file by letters, digits, '.', '_' and '-'"
                )
            module = _imported(name, file)
            info = inspect(module)
        except BrokenScript as error:
            return ScriptPlugin(name, "", VERSION, one_sentence(str(error)), None, None)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a script may do anything while it is imported
            return ScriptPlugin(name, "", VERSION, failure(f"importing {file.name} failed", error), None, None)
        return ScriptPlugin(name, "", VERSION, "", module, info)


def _imported(name: str, file: Path) -> ModuleType:
    module = ModuleType(f"{_PACKAGE}.{name}")
    module.__file__ = str(file)
    code = compile(file.read_bytes(), str(file), "exec")
    before = sys.modules.get(module.__name__)
    # Dataclasses look their module up there.
    sys.modules[module.__name__] = module
    try:
        exec(code, module.__dict__)  # noqa: S102 - what is asked for
    except BaseException:
        if before is None:
            del sys.modules[module.__name__]
        else:
            sys.modules[module.__name__] = before
        raise
    return module


def _bound(node: ast.stmt) -> set[str]:
    """Return the names that a statement of a module gives something to."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else ()
    return {target.id for target in targets if isinstance(target, ast.Name)}
