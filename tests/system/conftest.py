"""A connection to the shared server, and packages of scripts that a test writes for itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.rpc.wire import Stubs, a_project, connected
from tests.servers.serving import PACKAGES, Serving

MakePackage = Callable[..., dict[str, str]]


@pytest.fixture
def stubs(server: Serving) -> Iterator[Stubs]:
    with connected(server.address) as stubs:
        yield stubs


@pytest.fixture
def project() -> str:
    return a_project()


def make_package(site: Path, name: str, version: str = "1.0", /, **sources: str) -> dict[str, str]:
    """Install scripts in the folder `site`: `make_package(site, "dock", "1.0", build="source of dock/build.py")`.

    Returns the environment with which a server finds them. A source of "" leaves the module out.
    """
    home = site / name
    home.mkdir(parents=True, exist_ok=True)
    (home / "__init__.py").touch()
    for module, source in sources.items():
        if source:
            (home / f"{module}.py").write_text(source)
    facts = site / f"{name}-{version}.dist-info"
    facts.mkdir(exist_ok=True)
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [f"{name}.{module} = {name}.{module}" for module in sources]
    (facts / "entry_points.txt").write_text("\n".join(["[wharfinger.scripts]", *lines, ""]))
    found = os.environ.get("PYTHONPATH", "")
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(site), str(PACKAGES), found]))}


@pytest.fixture
def package(tmp_path: Path) -> MakePackage:
    """Return `make_package` for a folder of the test's own."""
    return partial(make_package, tmp_path / "site")
