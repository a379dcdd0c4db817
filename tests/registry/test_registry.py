"""The registry lists every installed plug-in; a broken one with a sentence that says why, and never at others' cost."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tests.registry.conftest import Install

from wharfinger_prices.registry import load_group
from wharfinger_server.registry import EXECUTORS, SCRIPTS, ExecutorPlugin, Registry, ScriptPlugin

GOOD = '''"""Make a thing.

More about it.
"""
RESUMABLE = True
EXECUTOR = "thread"
UNDO_COMPATIBLE_SINCE = "0.9"
PARAMS_SCHEMA = {"type": "object", "properties": {"size": {"type": "integer"}}}
async def main(task): ...
async def undo(task, resource): ...
'''

EXECUTOR = """
from wharfinger_server.sdk.executor import Executor
class Mine(Executor):
    summary = "Runs nothing."
    slots = 3
    def __init__(self, options): ...
    async def start(self, host): ...
    def submit(self, job): ...
    def cancel(self, job): ...
    async def stop(self, grace): ...
class Half(Executor):
    slots = 3
    def submit(self, job): ...
"""


def script(name: str) -> ScriptPlugin:
    return Registry.load().scripts[name]


def executor(name: str) -> ExecutorPlugin:
    return Registry.load().executors[name]


def broken(install: Install, source: str, target: str = "sick_script") -> str:
    """Install a script of that source; return why it is broken, which must not keep another from loading."""
    install("sick-package", "2.1", {SCRIPTS: {"sick.script": target}}, sick_script=source)
    install("well-package", "1.0", {SCRIPTS: {"well.script": "well_script"}}, well_script=GOOD)
    found = Registry.load().scripts
    assert not found["well.script"].broken
    sick = found["sick.script"]
    assert (sick.distribution, sick.version, sick.module, sick.info) == ("sick-package", "2.1", None, None)
    return sick.broken


def test_a_script_is_listed_with_its_package_and_all_that_it_declares(install: Install) -> None:
    install("acme-things", "1.4.2", {SCRIPTS: {"thing.make": "acme_things.make"}}, acme_things__make=GOOD)
    found = script("thing.make")
    assert (found.name, found.distribution, found.version, found.broken) == ("thing.make", "acme-things", "1.4.2", "")
    assert found.module is not None
    assert found.module.__name__ == "acme_things.make"
    assert found.info is not None
    assert (found.info.summary, found.info.colour, found.info.executor) == ("Make a thing.", "async", "thread")
    assert (found.info.resumable, found.info.can_undo, found.info.can_find) == (True, True, False)
    assert found.info.params_schema == {"type": "object", "properties": {"size": {"type": "integer"}}}


def test_an_executor_is_listed_with_its_class(install: Install) -> None:
    install("acme-executor", "0.3", {EXECUTORS: {"mine": "acme_executor:Mine"}}, acme_executor=EXECUTOR)
    found = executor("mine")
    assert (found.name, found.distribution, found.version, found.broken) == ("mine", "acme-executor", "0.3", "")
    assert found.cls is not None
    assert found.cls.summary == "Runs nothing."


def test_the_built_in_executors_are_found_like_anyone_s() -> None:
    found = Registry.load().executors
    for name in ("asyncio", "thread"):
        assert (found[name].distribution, found[name].broken) == ("wharfinger-server", "")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all' (at sick_script.py:1)"),
        ("\n\nraise RuntimeError('two\\nlines')", "RuntimeError: two lines (at sick_script.py:3)"),
        ("import sys\nsys.exit(3)", "SystemExit: 3 (at sick_script.py:2)"),
        ("assert 1 == 2", "AssertionError (at sick_script.py:1)"),
        ("def main(task):\n    return (", "SyntaxError: '(' was never closed (at sick_script.py:2)"),
        ("class Odd(BaseException): ...\nraise Odd", "Odd (at sick_script.py:2)"),
        ("class Mute(Exception):\n    def __str__(self): raise ValueError\nraise Mute", "Mute (at sick_script.py:3)"),
        ("def f(): f()\nf()", "RecursionError: maximum recursion depth exceeded (at sick_script.py:1)"),
    ],
)
def test_an_import_that_fails_is_told_with_error_file_and_line(install: Install, source: str, why: str) -> None:
    assert broken(install, source) == f"importing sick_script failed with {why}"


def test_a_ctrl_c_while_plug_ins_load_stops_the_server(install: Install) -> None:
    install("sick-package", "2.1", {SCRIPTS: {"sick.script": "sick_script"}}, sick_script="raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        Registry.load()


def test_a_module_that_is_missing_is_told(install: Install) -> None:
    assert (
        broken(install, "", "gone_script")
        == "importing gone_script failed with ModuleNotFoundError: No module named 'gone_script'"
    )


def test_an_entry_point_that_names_no_module_is_told(install: Install) -> None:
    why = broken(install, "def main(task): ...", "sick_script:main")
    assert why == "its entry point names function main; it must name a module (package.module, without a colon)"


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("x = 1", "no `main`"),
        ("def main(): ...", "main(task)"),
        ("async def main(task): ...\ndef undo(task, resource): ...", "`undo` is plain"),
        (
            "def __getattr__(name): raise SyntaxWarning('odd')",
            "looking at it failed with SyntaxWarning: odd (at sick_script.py:1)",
        ),
    ],
)
def test_a_script_that_breaks_the_contract_is_told(install: Install, source: str, word: str) -> None:
    assert word in broken(install, source)


def test_a_name_that_two_packages_provide_is_refused_to_both(install: Install) -> None:
    install("acme-a", "1", {SCRIPTS: {"thing.make": "acme_a", "thing.other": "acme_a"}}, acme_a=GOOD)
    install("zeta-m", "5", {SCRIPTS: {"thing.middle": "acme_a"}})
    install("acme-b", "2", {SCRIPTS: {"thing.make": "acme_b"}}, acme_b="raise RuntimeError('imported though refused')")
    found = script("thing.make")
    assert (found.module, found.info) == (None, None)
    assert "acme-a 1 (acme_a)" in found.broken
    assert "acme-b 2 (acme_b)" in found.broken
    assert "uninstall all but one" in found.broken
    assert (sorted(found.distribution.split(", ")), sorted(found.version.split(", "))) == (
        ["acme-a", "acme-b"],
        ["1", "2"],
    )
    assert not script("thing.other").broken


def test_the_same_target_from_two_packages_is_still_a_duplicate(install: Install) -> None:
    install("acme-a", "1", {EXECUTORS: {"mine": "acme_a:Mine"}}, acme_a=EXECUTOR)
    install("acme-b", "1", {EXECUTORS: {"mine": "acme_a:Mine"}})
    assert "provided more than once" in executor("mine").broken


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("acme_executor", "its entry point names the module acme_executor; it must name a subclass of"),
        ("acme_executor:Executor.submit", "its entry point names function Executor.submit; it must name a subclass of"),
        ("acme_executor:Half", "acme_executor.Half does not implement cancel, start, stop"),
        ("acme_executor:Executor", "does not implement"),
        ("acme_executor:Gone", "importing acme_executor:Gone failed with AttributeError"),
    ],
)
def test_what_is_no_executor_is_told(install: Install, target: str, why: str) -> None:
    install("acme-executor", "0.3", {EXECUTORS: {"mine": target}}, acme_executor=EXECUTOR)
    found = executor("mine")
    assert why in found.broken
    assert found.cls is None


@pytest.mark.parametrize("name", ["a/b", "-a", "ä", "a b", "a" * 64])
def test_a_name_that_the_api_cannot_address_is_refused(install: Install, name: str) -> None:
    install("acme-a", "1", {SCRIPTS: {name: "acme_a"}}, acme_a=GOOD)
    assert "can't be a name" in script(name).broken


def test_a_package_without_a_version_is_listed(install: Install, tmp_path: Path) -> None:
    install("acme-a", "1", {SCRIPTS: {"thing.make": "acme_a"}}, acme_a=GOOD)
    (tmp_path / "site" / "acme_a-1.dist-info" / "METADATA").write_text("Name: acme-a\n")
    found = script("thing.make")
    assert (found.distribution, found.version, found.broken) == ("acme-a", "", "")


def test_problems_are_told_once_each_with_their_group(install: Install) -> None:
    install("acme-a", "1", {SCRIPTS: {"thing.make": "acme_a"}, EXECUTORS: {"mine": "acme_a:Mine"}}, acme_a=GOOD)
    problems: list[tuple[str, str, str]] = []
    found = Registry.load(on_problem=lambda *problem: problems.append(problem))
    assert [problem for problem in problems if problem[1] == "mine"] == [
        (EXECUTORS, "mine", found.executors["mine"].broken)
    ]
    assert "thing.make" not in [name for _, name, _ in problems]
    assert found.executors["mine"].broken


def test_a_package_that_was_just_installed_again_is_seen_as_it_is_now(install: Install, tmp_path: Path) -> None:
    install("acme-a", "1", {"wharfinger.test": {"one": "acme_a"}}, acme_a=GOOD)
    assert [found.name for found in load_group("wharfinger.test")] == ["one"]
    points = tmp_path / "site" / "acme_a-1.dist-info" / "entry_points.txt"
    points.write_text("[wharfinger.test]\ntwo = acme_a\n")
    os.utime(points, (time.time() + 1, time.time() + 1))
    assert [found.name for found in load_group("wharfinger.test")] == ["two"]


def test_plug_ins_stand_in_the_order_of_their_names(install: Install) -> None:
    install("acme-a", "1", {"wharfinger.test": {"b": "acme_a", "a": "acme_gone", "c": "acme_a"}}, acme_a=GOOD)
    assert [found.name for found in load_group("wharfinger.test")] == ["a", "b", "c"]


def test_a_group_without_plug_ins_is_empty() -> None:
    assert load_group("wharfinger.nothing") == []
