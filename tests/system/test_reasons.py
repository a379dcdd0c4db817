"""Every reason that the code can give is in the API, with the status code that it has there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from google.rpc import code_pb2
from tests.system.documented import promises

import wharfinger.runtime
import wharfinger.script
import wharfinger_image
import wharfinger_server
from wharfinger.runtime import reasons
from wharfinger.v1 import error_reason_pb2

SOURCES = [Path(module.__file__ or "").parent for module in (wharfinger_server, wharfinger_image)]
SOURCES += [Path(wharfinger.runtime.__file__ or "").parent, Path(wharfinger.script.__file__ or "").parent]
TRIALS = "trial_scripts"
"""Scripts that fail with reasons of their own, to see that these pass through."""

WORD = re.compile(r"[A-Z][A-Z0-9]+(_[A-Z0-9]+)*")
CALLS = re.compile(r"Failure|Failed|Refused|[A-Z]\w*(Argument|Found|Exists|Precondition|Aborted|Range|Exhausted)")
CALLS_TOO = {"Unavailable", "Unimplemented", "Unauthenticated", "PermissionDenied", "invalid", "timed_out", "_failed"}


def named_in(call: ast.Call) -> Iterator[str]:
    """Yield the words in a call that look like reasons: bare arguments, and `reason=`."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    makes_error = bool(CALLS.fullmatch(name)) or name in CALLS_TOO
    for argument in call.args:
        if makes_error and isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value
    for keyword in call.keywords:
        if keyword.arg == "reason" and isinstance(keyword.value, ast.Constant):
            yield str(keyword.value.value)


def given() -> Iterator[tuple[str, str]]:
    """Yield each reason that the sources name, with where."""
    for folder in SOURCES:
        for path in sorted(folder.rglob("*.py")):
            if TRIALS in path.parts or path.name == "conformance.py":
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    for word in named_in(node):
                        if WORD.fullmatch(word):
                            yield word, f"{path.name}:{node.lineno}"


def test_every_reason_that_the_code_names_is_in_the_api() -> None:
    found = list(given())
    assert len({reason for reason, _ in found}) > 60
    known = {name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.keys()}  # noqa: SIM118
    assert [(reason, where) for reason, where in found if reason not in known] == []


def test_every_reason_in_the_api_says_its_code_and_its_facts() -> None:
    names = {name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.keys()}  # noqa: SIM118
    assert names - {"UNSPECIFIED"} == set(promises())


def test_scripts_give_reasons_the_code_that_the_api_promises() -> None:
    differing = {
        reason: (code_pb2.Code.Name(code), promises()[reason].code)
        for reason, code in reasons.CODES.items()
        if promises()[reason].code != code_pb2.Code.Name(code)
    }
    assert differing == {}


def test_every_reason_of_a_failure_can_be_given_by_name_alone() -> None:
    """So that a script that says `reason="STORE_FULL"` can't give it another code by mistake."""
    own = [Path(wharfinger_image.__file__ or "").parent, Path(wharfinger.runtime.__file__ or "").parent]
    told = {
        str(keyword.value.value)
        for folder in own
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "reason" and isinstance(keyword.value, ast.Constant) and keyword.value.value
    }
    assert {"SIZE_LIMIT", "STORE_REFUSED"} <= told
    assert told - set(reasons.CODES) == set()
