"""Write the version of VERSION into every place that needs it as text, or say which places differ.

All distributions have one version, and depend on each other in exactly that: they are built, tested and released
together. Builds must not need the tree, so each has it in its own files; `make version NEW=0.2.0` writes them, and a
test runs this with `--check`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "VERSION"
FORM = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")
_PYPROJECT = (
    re.compile(r'(?m)^(version = ")([^"]+)(")$'),
    re.compile(r'("wharfinger(?:-[a-z]+)?(?:\[[a-z,]+\])?==)([^"]+)(")'),
)
_MODULE = (re.compile(r'(?m)^(__version__ = ")([^"]+)(")$'),)
_GO_CONSTANT = (re.compile(r'(?m)^(const Version = ")([^"]+)(")$'),)
_PACKAGE = (re.compile(r'(\A\{\s*"name": "@wharfinger/client",\s*"version": ")([^"]+)(")'),)
_CONSTANT = (re.compile(r'(?m)^(export const VERSION = ")([^"]+)(";)$'),)
_CRATE = (re.compile(r'(\A\[package\]\nname = "wharfinger"\nversion = ")([^"]+)(")'),)
# No `<version>` of a library follows one of our names; our modules name each other with ${project.version}.
_POM = (re.compile(r"(<artifactId>wharfinger-[a-z]+</artifactId>\s*<version>)(\d[^<]*)(</version>)"),)
_LOCK = (*_PACKAGE, re.compile(r'("": \{\s*"name": "@wharfinger/client",\s*"version": ")([^"]+)(")'))


def places() -> Iterator[tuple[Path, tuple[re.Pattern[str], ...]]]:
    """Yield each file that has the version, with what finds it there: each pattern at least once."""
    for pattern in ("pyproject.toml", "clients/python/pyproject.toml", "server/**/pyproject.toml"):
        for file in sorted(ROOT.glob(pattern)):
            # Not all depend on another one of ours.
            yield file, _PYPROJECT if _PYPROJECT[1].search(file.read_text()) else _PYPROJECT[:1]
    for module in ("clients/python/src/wharfinger/_version.py", "server/prices/src/wharfinger_prices/__init__.py"):
        yield ROOT / module, _MODULE
    yield ROOT / "clients/go/version.go", _GO_CONSTANT
    yield ROOT / "clients/typescript/package.json", _PACKAGE
    for pom in (ROOT / "clients/conformance/drivers/java/pom.xml", *sorted(ROOT.glob("clients/java/**/pom.xml"))):
        yield pom, _POM
    yield ROOT / "clients/typescript/package-lock.json", _LOCK
    yield ROOT / "clients/typescript/src/version.ts", _CONSTANT
    yield ROOT / "clients/rust/Cargo.toml", _CRATE


def differing(version: str) -> list[str]:
    """Return a sentence for each place that does not have `version`."""
    wrong = []
    for file, patterns in places():
        text = file.read_text()
        for pattern in patterns:
            found = [match[2] for match in pattern.finditer(text)] or ["none"]
            wrong += [f"{file.relative_to(ROOT)} has {one}, not {version}" for one in found if one != version]
    return wrong


def write(version: str) -> None:
    """Write `version` everywhere, VERSION included."""
    SOURCE.write_text(f"{version}\n")
    for file, patterns in places():
        text = file.read_text()
        for pattern in patterns:
            text = pattern.sub(rf"\g<1>{version}\g<3>", text)
        file.write_text(text)


def main() -> int:
    """Check, or write; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("new", nargs="?", help="the version to write, such as 0.2.0 or 0.2.0rc1")
    parser.add_argument("--check", action="store_true", help="only say which places differ from VERSION")
    asked = parser.parse_args()
    if asked.new:
        if not FORM.fullmatch(asked.new):
            parser.error(f"{asked.new!r} is no version such as 0.2.0 or 0.2.0rc1")
        write(asked.new)
    wrong = differing(SOURCE.read_text().strip())
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    if wrong:
        print("`make version NEW=…` writes it everywhere", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
