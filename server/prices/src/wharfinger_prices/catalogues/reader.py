"""From a file to a catalogue's file: choose the source, read, build."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wharfinger_prices.errors import InvalidArgument
from wharfinger_prices.reading.scopes import source_name
from wharfinger_prices.sdk.price_source import MalformedPrices, Notes, PriceSource

if TYPE_CHECKING:
    from wharfinger_prices.catalogues.build import Built, OnRows

Sources = Mapping[str, type[PriceSource]] | Callable[[], Mapping[str, type[PriceSource]]]
"""Price sources by their formats' names, or what returns them: that imports each, and is seldom needed."""

_HEAD = 64 * 1024
_SECTIONS = 100
_FAULTS = (ValueError, LookupError, TypeError, ArithmeticError, AttributeError, SystemExit, GeneratorExit)


class Read(NamedTuple):
    """What a file came to: its format's name, the catalogue's file, what the source noted and what it is called."""

    format: str
    built: Built
    data_time: int
    sections: tuple[tuple[str, int], ...]
    skipped: tuple[tuple[str, int], ...]
    source: str
    fault_count: int = 0
    faults: tuple[str, ...] = ()
    newest: int = 0


class Stopped(Exception):
    """Whoever asked for the import has gone."""


def malformed(form: str, why: str) -> InvalidArgument:
    """Return the refusal of data that is not what its format says; `why` says where, too."""
    told = f"the price data ({form}) can't be taken: {why}" if form else f"the price data can't be taken: {why}"
    return InvalidArgument("PRICES_MALFORMED", told, {"format": form, "where": why[:300]})


class Reader:
    """Reads files by the installed price sources, each by its format's name. Blocks."""

    def __init__(self, sources: Sources) -> None:
        self._told = sources

    @cached_property
    def _sources(self) -> dict[str, type[PriceSource]]:
        return dict(sorted((self._told() if callable(self._told) else self._told).items()))

    def read(
        self,
        path: Path,
        name: str,
        form: str,
        folder: Path,
        max_unpacked: int,
        on_rows: OnRows | None = None,
        source: str = "",
    ) -> Read:
        """Read the file, or the folder of pages, at `path`, which is called `name`; build its catalogue in `folder`.

        `form` is the format's name, "" for the one that recognises it, and `source` what the prices' source is called,
        "" for the format and what the data is of (see `scopes`). Raises InvalidArgument PRICES_MALFORMED,
        OutOfRange PRICES_TOO_LARGE, and OSError where `folder` can't be written.
        """
        from wharfinger_prices.catalogues.build import build
        from wharfinger_prices.catalogues.unpacking import unpack

        try:
            if not path.is_dir():
                path, name = unpack(path, name, folder, max_unpacked)
            form = form or self._recognise(path, name)
            reading = self._source(form)
            notes = Notes()
            built = build(reading.read(path, notes), source or form, folder, on_rows, notes)
        except MalformedPrices as error:
            raise malformed(form, str(error)) from None
        except RecursionError:
            raise malformed(form, "it is nested too deeply") from None
        except _FAULTS as error:
            # A source is a plug-in: whatever it makes of a strange file, the file is what can't be read.
            why = f"reading it failed with {type(error).__name__}: {error}"
            raise malformed(form, why[:500]) from error
        sections = tuple(notes.sections.most_common(_SECTIONS))
        called = source or source_name(reading.maker or form, notes.service, notes.regions)
        skipped = tuple(notes.skipped.most_common(_SECTIONS))
        faults = tuple(notes.faults)
        return Read(form, built, notes.data_time, sections, skipped, called, notes.fault_count, faults, notes.newest)

    def _source(self, form: str) -> PriceSource:
        found = self._sources.get(form)
        if found is None:
            known = ", ".join(self._sources) or "none"
            raise malformed(form, f"there is no price source {form!r}; installed are: {known}")
        return found()

    def _recognise(self, path: Path, name: str) -> str:
        if path.is_file() and not path.stat().st_size:
            raise malformed("", f"{name or 'the file'} is empty")
        fitting = self._fitting(path, name)
        if len(fitting) == 1:
            return fitting[0]
        known = ", ".join(self._sources) or "none"
        if fitting:
            raise malformed("", f"{name} may be of several formats, {', '.join(fitting)}: name the format")
        raise malformed("", f"{name or 'it'} is of no format that is known ({known}); name the format if it is")

    def _fitting(self, path: Path, name: str) -> list[str]:
        head = b""
        first = path if path.is_file() else next(iter(sorted(path.iterdir())), path)
        if first.is_file():
            with first.open("rb") as file:
                head = file.read(_HEAD)
        return [form for form, source in self._sources.items() if source.recognises(os.fspath(name), head)]
