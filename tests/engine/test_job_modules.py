"""A job names script and version; the host gives the module to those who run it in the server's process."""

from __future__ import annotations

import types

import pytest
from tests.engine.conftest import Pier


async def test_the_installed_script_has_its_module_under_its_version_only(pier: Pier) -> None:
    scripts = pier.engine.scripts
    version = scripts["harbour.noop"].version
    assert isinstance(scripts.module("harbour.noop", version), types.ModuleType)
    with pytest.raises(LookupError, match=rf"script harbour\.noop 0\.0\.1 can't be run here: {version} is installed"):
        scripts.module("harbour.noop", "0.0.1")
    with pytest.raises(LookupError, match=r"script harbour\.gone 1 can't be run here: it is not installed"):
        scripts.module("harbour.gone", "1")
