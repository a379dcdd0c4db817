"""Libcloud's own tests, as they are and through each of our ways: what passes plainly must pass through.

python -m tests.campaigns.libcloud.suite --out build/libcloud-suite
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import libcloud

TESTS = Path(libcloud.__path__[0]) / "test"
ROOMS = ("compute", "storage", "dns", "loadbalancer", "container", "backup")
TREE = Path(__file__).parents[3]


@dataclass
class Found:
    """`plain`: the tests that pass as they are; `failed`: those of them that fail in a way, as `way test`.

    `unknown`: making calls that returned something of which the journal knew nothing.
    """

    plain: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def exceptions() -> dict[str, str]:
    """Return the tests that can't pass through, as `way test`, each with its reason."""
    lines = (Path(__file__).parent / "exceptions.txt").read_text().splitlines()
    named = [line for line in lines if line and not line.startswith("#")]
    return {name.strip(): reason.strip() for name, _, reason in (line.partition(":: because ") for line in named)}


def suite(ways: tuple[str, ...], tests: tuple[str, ...], folder: Path) -> Found:
    """Run tests in each of the ways, of which the first is plain; return what was found."""
    found = Found()
    for way in ways:
        file = folder / f"{way}.jsonl"
        file.unlink(missing_ok=True)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "tests.campaigns.libcloud.ways",
            "-p",
            "no:cacheprovider",
        ]
        # Their conftest asks for a file of credentials beside it; the plug-in gives them without one.
        command += ["--noconftest", "-c", os.devnull, "--rootdir", "/", "-W", "ignore", "--tb=short"]
        environment = {**os.environ, "WHARFINGER_WAY": way, "WHARFINGER_FOUND": str(file)}
        environment.pop("PYTEST_ADDOPTS", None)
        command += [str(TESTS / test) for test in tests]
        subprocess.run(command, check=False, env=environment, cwd=TREE, stdout=subprocess.DEVNULL)
        for line in map(json.loads, file.read_text().splitlines()):
            if "unknown" in line:
                found.unknown.append(line["unknown"])
                continue
            name = line["test"].partition("libcloud/test/")[2]
            if way == "plain" and line["outcome"] == "passed":
                found.plain.add(name)
            elif way != "plain" and line["outcome"] == "failed" and name in found.plain:
                found.failed[f"{way} {name}"] = line["why"]
    return found


def main() -> int:
    """Run it; return 1 if a test that is no exception fails in one of the ways, or a making call went unseen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/libcloud-suite"))
    parser.add_argument("tests", nargs="*", default=ROOMS, help="of libcloud/test, a folder or a file")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = suite(("plain", "block", "wrapper", "aio"), tuple(chosen.tests), Path(folder))
    named = exceptions()
    new = {name: why for name, why in found.failed.items() if name not in named}
    said = [
        f"{len(found.plain)} tests pass plainly",
        f"{len(found.failed)} fail in one of the ways, {len(named)} are named",
    ]
    said += [f"{len(found.unknown)} making calls unseen: {', '.join(sorted(set(found.unknown))) or 'none'}"]
    said += [f"{name}\n    {why[-300:]}" for name, why in new.items()]
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.with_suffix(".txt").write_text("\n".join(said) + "\n")
    print("\n".join(said))
    return int(bool(new))


if __name__ == "__main__":
    sys.exit(main())
