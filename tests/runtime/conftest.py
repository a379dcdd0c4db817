"""Scripts in both colours, written once: a plain one is the async one without `async` and `await`."""

import importlib.util
import itertools
import sys
import textwrap

import pytest

_names = itertools.count()


@pytest.fixture(params=["async", "plain"])
def colour(request):
    return request.param


@pytest.fixture
def load(tmp_path, request):
    """Return a function that imports a script from its source, given as an async one."""
    loaded = []

    def load(source, colour="async"):
        text = textwrap.dedent(source)
        if colour == "plain":
            text = text.replace("async def", "def").replace("await ", "").replace("asyncio.sleep", "time.sleep")
        name = f"script_{next(_names)}"
        path = tmp_path / f"{name}.py"
        path.write_text("import asyncio, sys, time\nfrom wharfinger.script import *\n" + text)
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        loaded.append(name)
        spec.loader.exec_module(module)
        return module

    yield load
    for name in loaded:
        del sys.modules[name]
