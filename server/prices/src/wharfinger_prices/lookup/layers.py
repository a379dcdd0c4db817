"""The layers and their files. Each file is imported when it is new or has changed; a broken one harms no other."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from wharfinger_prices import __version__
from wharfinger_prices.catalog import Catalog
from wharfinger_prices.catalogues.catalogue import Catalogue, Damaged
from wharfinger_prices.catalogues.catalogue_folder import CatalogueFolder
from wharfinger_prices.catalogues.reader import Reader
from wharfinger_prices.catalogues.refusals import too_large
from wharfinger_prices.errors import Refused
from wharfinger_prices.lookup.libcloud_file import default_path, users_own
from wharfinger_prices.lookup.price_rules import SUFFIX, Rule, read_rules
from wharfinger_prices.lookup.stack import Layer, Stack
from wharfinger_prices.settings.price_settings import PriceSettings

_LIBCLOUD = "libcloud"
_Signs = tuple[int, int, int]


class Loaded(NamedTuple):
    """All stacks as they are: `base` for projects without prices of their own, and what can't be used, by why."""

    base: Stack
    projects: dict[str, Stack]
    troubles: tuple[str, ...]


@dataclass(slots=True)
class _Known:
    """A file as it was when it was looked at last: its signs, what came of it, and what is not taken of it."""

    signs: _Signs
    digest: str = ""
    data_time: int = 0
    trouble: str = ""
    left_out: str = ""


class Layers:
    """The layers of one folder. `load` blocks; one at a time."""

    def __init__(self, catalogues: CatalogueFolder, reader: Reader, settings: PriceSettings) -> None:
        self._catalogues = catalogues
        self._reader = reader
        self._settings = settings
        self._files: dict[str, _Known] = {}
        self._open: dict[str, Catalogue] = {}
        self._kept: set[str] = set()
        self._agreed: dict[Path, list[Rule]] = {}
        self._disputes: dict[tuple[tuple[str, str], ...], tuple[str, tuple[str, ...]]] = {}
        self._troubles: list[str] = []
        self._index = catalogues.folder / f"files-{__version__}.json"
        self._read_index()

    def is_at_hand(self) -> bool:
        """Whether no large file must be read before `load` is done: that takes seconds."""
        path = bundled()
        return path is None or str(path) in self._files

    def load(self, active: Sequence[Catalog]) -> Loaded:
        """Look at all files again and return the stacks; `active` are the active catalogues, as they are asked."""
        self._troubles = []
        before = {path: known.digest for path, known in self._files.items()}
        folder = self._settings.price_folder
        lower = [
            *self._folder("operator", folder),
            *self._libcloud(),
            *self._downloaded(active),
            *self._bundled(),
        ]
        rules = self._rules(folder, "")
        folders = {path.name: path for path in _entries(folder / "projects") if path.is_dir()}
        projects = {}
        for project in sorted({*folders, *(rule.project for rule in rules if rule.project)}):
            path = folders.get(project)
            own = [*self._folder("project", path)] if path else []
            agreed = [*(self._rules(path, project) if path else ()), *rules]
            projects[project] = self._stack([*own, *lower], [one for one in agreed if one.project in {"", project}])
        base = self._stack(lower, [rule for rule in rules if not rule.project])
        used = {layer.catalogue.digest for stack in (base, *projects.values()) for layer in stack.layers}
        self._open = {digest: catalogue for digest, catalogue in self._open.items() if digest in used}
        if before != {path: known.digest for path, known in self._files.items()}:
            self._write_index()
        return Loaded(base, projects, tuple(self._troubles))

    def open(self, digest: str) -> Catalogue:
        """Open a catalogue, or return the one that is open. Raises Damaged, and OSError where there is none."""
        return self._open.get(digest) or self._catalogues.open(digest)

    # ------------------------------------------------------------------ layers

    def _folder(self, name: str, folder: Path) -> Iterator[Layer]:
        """Yield the catalogues of a folder's files, before them one of what they contradict each other about."""
        taken: list[tuple[Path, Layer]] = []
        for path in _entries(folder):
            if not path.is_file() or path.suffix == SUFFIX:
                continue
            layer = self._file(name, path, "")
            if layer is not None:
                taken.append((path, layer))
        if len(taken) > 1:
            disputed = self._disputed(name, taken)
            if disputed is not None:
                yield disputed
        yield from (layer for _, layer in taken)

    def _disputed(self, name: str, taken: Sequence[tuple[Path, Layer]]) -> Layer | None:
        """Return a layer of all prices of what files say different things of, None where they agree."""
        asked = tuple((str(path), layer.catalogue.digest) for path, layer in taken)
        known = self._disputes.get(asked)
        if known is None or (known[0] and not self._catalogues.has(known[0])):
            from wharfinger_prices.lookup.disputes import disputes

            try:
                known = disputes([(path.name, layer.catalogue) for path, layer in taken], self._catalogues)
            except OSError as error:
                self._trouble(f"what files contradict each other about can't be written down: {error.strerror}")
                return None
            self._disputes[asked] = known
        digest, troubles = known
        for trouble in troubles:
            self._trouble(f"{taken[0][0].parent}: {trouble}")
        return Layer(name, self._opened(digest)) if digest else None

    def _rules(self, folder: Path, project: str) -> list[Rule]:
        """Return the rules of a folder's files, of a project's folder for that project.

        What a file said before it broke stays in force; a rule that is wrong is left out, and told.
        """
        found: list[Rule] = []
        for path in _entries(folder):
            if path.suffix != SUFFIX or not path.is_file():
                continue
            try:
                rules, wrong = read_rules(path, project)
                self._agreed[path] = rules
            except (OSError, ValueError) as error:
                still = "; what it said before stays in force" if path in self._agreed else ""
                wrong = [f"it can't be used: {error}{still}"]
            for why in wrong:
                self._trouble(f"{path}: {why}")
            found += self._agreed.get(path, ())
        return found

    def _libcloud(self) -> Iterator[Layer]:
        if not self._settings.prices.libcloud:
            return
        path = default_path()
        try:
            # What we exported ourselves is nobody's word, and would hide what is newer.
            own = users_own(path)
        except OSError as error:
            self._trouble(f"{path} can't be used: {error.strerror}")
            return
        layer = own and self._file("libcloud", own, _LIBCLOUD)
        if layer:
            yield layer

    def _bundled(self) -> Iterator[Layer]:
        path = bundled() if self._settings.prices.bundled else None
        if path is not None and path.is_file():
            layer = self._file("bundled", path, _LIBCLOUD)
            if layer is not None:
                yield layer

    def _downloaded(self, active: Sequence[Catalog]) -> Iterator[Layer]:
        for one in active:
            try:
                catalogue = self._opened(one.digest)
            except (OSError, Damaged) as error:
                self._trouble(f"the active catalogue {one.digest} of {one.source} can't be used: {error}")
                continue
            # Its prices name the format themselves; so stacks of before there were sources keep their digests.
            source = one.source if one.source != one.format else ""
            made = one.data_time or one.import_time
            yield Layer("downloaded", catalogue, self._stale_from(made), source, made)

    def _stale_from(self, data_time: int) -> int:
        return data_time + self._settings.prices.stale_after if data_time else 0

    def _stack(self, layers: Sequence[Layer], rules: Sequence[Rule] = ()) -> Stack:
        stack = Stack(tuple(layers), rules=tuple(rules))
        if stack.digest not in self._kept:
            try:
                self._catalogues.put_stack(stack.document())
            except OSError as error:
                where = self._catalogues.folder
                self._trouble(f"estimates made now can't be repeated later: {where}: {error.strerror}")
            else:
                self._kept.add(stack.digest)
        return stack

    # ------------------------------------------------------------------ files

    def _file(self, name: str, path: Path, form: str) -> Layer | None:
        """Return the layer that a file is, imported again if it changed; None where it can't be used."""
        known = self._files.get(str(path))
        try:
            found = path.stat()
            signs = (found.st_mtime_ns, found.st_size, found.st_ino)
            if known is None or known.signs != signs or (known.digest and not self._catalogues.has(known.digest)):
                known = self._import(path, form, signs, known)
                self._files[str(path)] = known
            for trouble in filter(None, (known.trouble, known.left_out)):
                self._trouble(trouble)
            if not known.digest:
                return None
            stale_from = self._stale_from(known.data_time)
            return Layer(name, self._opened(known.digest), stale_from, data_time=known.data_time)
        except (OSError, Damaged) as error:
            self._trouble(f"{path} can't be used: {error}")
            return None

    def _import(self, path: Path, form: str, signs: _Signs, before: _Known | None) -> _Known:
        """Import a file. Where it can't be, what it said before stays in force."""
        prices = self._settings.prices
        began = time.monotonic()
        try:
            if signs[1] > prices.max_bytes:
                raise too_large(prices.max_bytes, "has")
            with self._catalogues.work() as folder:
                read = self._reader.read(path, path.name, form, folder, prices.max_unpacked)
                self._catalogues.put(read.built)
        except Refused as error:
            kept = before is not None and before.digest and self._catalogues.has(before.digest)
            still = "; what it said before stays in force" if kept else ""
            trouble = f"{path} can't be used: {error.message}{still}"
            if kept and before is not None:
                return _Known(signs, before.digest, before.data_time, trouble)
            return _Known(signs, trouble=trouble)
        import logging

        logging.getLogger(__name__).info(
            "prices of %s read in %.1f s", path, time.monotonic() - began, extra={"prices": read.built.price_count}
        )
        left_out = ""
        if read.fault_count:
            rows = "1 row is" if read.fault_count == 1 else f"{read.fault_count} rows are"
            left_out = f"{path}: {rows} left out: {read.faults[0]}"
        # Data that does not tell its time is as old as its newest price, or else as its file.
        made = read.data_time or read.newest or signs[0] // 1000
        return _Known(signs, read.built.digest, made, left_out=left_out)

    def _opened(self, digest: str) -> Catalogue:
        found = self._open.get(digest)
        if found is None:
            found = self._open[digest] = self._catalogues.open(digest)
        return found

    def _trouble(self, what: str) -> None:
        self._troubles.append(what)

    # ------------------------------------------------------------------ what was read before, across restarts

    def _read_index(self) -> None:
        try:
            told: dict[str, Any] = orjson.loads(self._index.read_bytes())
            self._files = {
                path: _Known((signs[0], signs[1], signs[2]), digest, data_time, left_out=left_out)
                for path, (signs, digest, data_time, left_out) in told.items()
            }
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            self._files = {}

    def _write_index(self) -> None:
        """Note what was read, for the next start; what can't be noted is read again then."""
        told = {
            path: (known.signs, known.digest, known.data_time, known.left_out)
            for path, known in self._files.items()
            if known.digest and not known.trouble
        }
        try:
            with self._catalogues.work() as folder:
                partial = folder / "index"
                partial.write_bytes(orjson.dumps(told))
                partial.replace(self._index)
        except OSError as error:
            self._trouble(f"{self._index} can't be written: {error.strerror}")


def bundled() -> Path | None:
    """Return the price file of the installed Libcloud, which is not imported for that; None where there is none."""
    try:
        spec = importlib.util.find_spec("libcloud")
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "data" / "pricing.json"


def _entries(folder: Path) -> list[Path]:
    """Return what is in a folder by name, without what editors leave there; nothing where there is no folder."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    return [entry for entry in entries if not entry.name.startswith(".") and not entry.name.endswith("~")]
