"""Reading a module: what it declares, and a sentence for each way to be wrong."""

import json
import subprocess
import sys
from types import ModuleType

import pytest

from wharfinger.script import BrokenScript, ResourceType, inspect


def test_a_script_with_everything(load):
    script = load(
        '''
        """Deploy nodes.

        More words.
        """
        RESUMABLE = True
        EXECUTOR = "asyncio"
        UNDO_COMPATIBLE_SINCE = "1.2"
        PARAMS_SCHEMA = {"type": "object", "required": ["n"]}
        RESULT_SCHEMA = {"type": "object"}
        RESOURCE_TYPES = {"node": ResourceType(idempotent=True)}
        async def main(task): ...
        async def undo(task, resource): ...
        async def find(task, resource): ...
        def estimate(params, prices): ...
        '''
    )
    script.__doc__ = "Deploy nodes.\n\nMore words.\n"
    info = inspect(script)
    assert (info.module, info.summary, info.colour) == (script.__name__, "Deploy nodes.", "async")
    assert (info.can_undo, info.can_find, info.can_estimate, info.resumable) == (True, True, True, True)
    assert (info.executor, info.undo_compatible_since) == ("asyncio", "1.2")
    assert info.params_schema == {"type": "object", "required": ["n"]}
    assert info.result_schema == {"type": "object"}
    assert info.resource_types == {"node": ResourceType(idempotent=True)}


def test_the_smallest_script(load):
    info = inspect(load("def main(task): ..."))
    assert (info.summary, info.colour, info.params_schema, info.can_undo, info.resumable) == (
        "",
        "plain",
        None,
        False,
        False,
    )


def test_an_object_with_an_async_call_is_async(load):
    assert (
        inspect(
            load(
                """
                class Main:
                    async def __call__(self, task): ...
                main = Main()
                """
            )
        ).colour
        == "async"
    )


def test_a_partial_of_an_async_function_is_async(load):
    script = load("import functools\nasync def deploy(size, task): ...\nmain = functools.partial(deploy, 3)")
    assert inspect(script).colour == "async"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("x = 1", "it has no `main`"),
        ("main = 5", "`main` is int, not a function `main(task)`"),
        ("def main(): ...", "`main` can't be called as `main(task)`: too many positional arguments"),
        ("def main(task, more): ...", "missing a required argument: 'more'"),
        ("def main(task):\n    yield 1", "`main` has a `yield`"),
        ("async def main(task):\n    yield 1", "`main` has a `yield`"),
        ("async def main(task): ...\ndef undo(task, resource): ...", "`main` is async but `undo` is plain"),
        ("def main(task): ...\nasync def find(task, resource): ...", "`main` is plain but `find` is async"),
        ("def main(task): ...\ndef find(task): ...", "`find` can't be called as `find(task, resource)`"),
        ("def main(task): ...\nasync def estimate(params, prices): ...", "`estimate` is async"),
        ("def main(task): ...\nRESUMABLE = 'yes'", "`RESUMABLE` is 'yes'; it must be a bool"),
        ("def main(task): ...\nEXECUTOR = 5", "`EXECUTOR` is 5; it must be a str"),
        ("def main(task): ...\nRESOURCE_TYPES = ['node']", "`RESOURCE_TYPES` is list"),
        ("def main(task): ...\nRESOURCE_TYPES = {'node': {}}", "`RESOURCE_TYPES['node']` is {}"),
        ("def main(task): ...\nPARAMS_SCHEMA = 'object'", "the schema from `PARAMS_SCHEMA` is str"),
        ("def main(task): ...\nPARAMS_SCHEMA = {'type': 'string'}", "describes type 'string'"),
        ("def main(task): ...\nPARAMS_SCHEMA = {'x': object()}", "is not JSON"),
        ("def main(task): ...\nRESULT_SCHEMA = {'x': float('nan')}", "is not JSON"),
        ("def main(task): ...\nclass Params: ...", "`Params` gives no JSON Schema"),
        ("def main(task): ...\nclass Params: ...\nPARAMS_SCHEMA = {}", "both `PARAMS_SCHEMA` and `Params`"),
        (
            "def main(task): ...\nclass Params:\n    model_json_schema = classmethod(lambda cls: 1 / 0)",
            "`Params` gives no JSON Schema: ZeroDivisionError",
        ),
    ],
)
def test_what_is_wrong_is_told_with_the_modules_name(load, source, sentence):
    script = load(source)
    with pytest.raises(BrokenScript) as broken:
        inspect(script)
    assert str(broken.value).startswith(f"{script.__name__} can't be run as a script: ")
    assert sentence in str(broken.value)


def test_the_schema_is_a_copy(load):
    script = load("PARAMS_SCHEMA = {'type': 'object'}\ndef main(task): ...")
    inspect(script).params_schema["type"] = "string"
    assert script.PARAMS_SCHEMA == {"type": "object"}


def test_a_dataclass_gives_its_schema(load):
    script = load(
        """
        from dataclasses import dataclass, field
        from typing import Literal, Any
        @dataclass
        class Disk:
            size: int
        @dataclass
        class Params:
            name: str = field(metadata={"description": "what it is called"})
            count: int = 1
            ratio: float | None = None
            on: bool = True
            kind: Literal["a", "b"] = "a"
            tags: dict[str, str] = field(default_factory=dict)
            disks: list[Disk] = field(default_factory=list)
            any: Any = None
            raw: dict = field(default_factory=dict)
            hidden: int = field(init=False, default=3)
        def main(task): ...
        """
    )
    assert inspect(script).params_schema == {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "description": "what it is called"},
            "count": {"type": "integer", "default": 1},
            "ratio": {"anyOf": [{"type": "number"}, {"type": "null"}]},
            "on": {"type": "boolean", "default": True},
            "kind": {"enum": ["a", "b"], "default": "a"},
            "tags": {"type": "object", "additionalProperties": {"type": "string"}},
            "disks": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"size": {"type": "integer"}},
                    "required": ["size"],
                    "additionalProperties": False,
                },
            },
            "any": {},
            "raw": {"type": "object"},
        },
    }


def test_a_dataclass_field_without_a_schema_is_named(load):
    script = load(
        """
        from dataclasses import dataclass
        @dataclass
        class Params:
            when: bytes
        def main(task): ...
        """
    )
    with pytest.raises(BrokenScript, match=r"Params\.when: there is no JSON Schema for <class 'bytes'>"):
        inspect(script)


@pytest.mark.parametrize(
    "windows",
    [{"send_window": 0}, {"call_timeout": -1}, {"settling": float("inf")}, {"send_window": "5"}, {"settling": True}],
)
def test_a_resource_type_refuses_windows_that_are_none(windows):
    with pytest.raises(ValueError, match=next(iter(windows))):
        ResourceType(**windows)


@pytest.mark.processes
def test_the_contract_needs_the_standard_library_only():
    """Scripts are imported wherever they run: their import of the contract must stay light."""
    program = (
        "import json, sys; before = set(sys.modules); import wharfinger.script;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(json.dumps(sorted(new - set(sys.stdlib_module_names))))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout) == ["wharfinger"]


def test_a_module_made_by_hand_is_named_too():
    with pytest.raises(BrokenScript, match="by_hand can't be run as a script"):
        inspect(ModuleType("by_hand"))
