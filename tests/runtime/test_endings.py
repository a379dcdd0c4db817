"""Every way a script can end is exactly one outcome."""

import json

import pytest

from wharfinger import runtime
from wharfinger.runtime.protocol import Assignment, LeaseLost, Phase, Succeeded
from wharfinger.script.context import Context
from wharfinger.testing import Done, MemorySession, Stop, Trial, run


def test_nothing_returned_is_an_empty_result(load, colour):
    assert run(load("async def main(task): pass", colour)).outcome == Succeeded(b"{}")


def test_a_dict_is_the_result(load, colour):
    done = run(load("async def main(task): return {'ö': [1, 2.5, None, True, ('x',)]}", colour))
    assert done.result == {"ö": [1, 2.5, None, True, ["x"]]}


def test_a_model_is_asked_for_its_json(load):
    script = load(
        """
        class Model:
            def model_dump(self, mode):
                return {"mode": mode}
        async def main(task):
            return Model()
        """
    )
    assert run(script).result == {"mode": "json"}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("[1]", "main returned a list"),
        ("'done'", "main returned a str"),
        ("{'a': [{'b': object()}]}", "result.a[0].b is a object"),
        ("{'a': float('nan')}", "result.a is nan"),
        ("{'a': float('-inf')}", "result.a is -inf"),
        ("{'a': 2**53}", "result.a is a whole number beyond 2^53-1"),
        ("{'a': {1: 2}}", "result.a has the key 1"),
        ("{'a': {1, 2}}", "result.a is a set, which JSON can't hold; make it a list"),
        ("{'a': b'x'}", "result.a is a bytes"),
        ("{'a': '\\ud800'}", "result.a holds a lone surrogate"),
        ("(lambda d: (d.__setitem__('a', d), d)[1])({})", "is nested deeper than 30 levels"),
    ],
)
def test_what_is_not_a_json_object_is_refused_with_the_place(load, colour, value, sentence):
    failure = run(load(f"async def main(task): return {value}", colour)).failure
    assert (failure.code, failure.reason) == (13, "SCRIPT_RESULT_INVALID")
    assert sentence in failure.message
    assert failure.metadata["script"].startswith("script_")


def test_the_deepest_result_can_be_sent(load):
    from google.protobuf.json_format import ParseDict

    from wharfinger.v1 import task_service_pb2 as api

    nested = "{'a': " * 30 + "1" + "}" * 30
    result = run(load(f"async def main(task): return {nested}")).result
    sent = ParseDict({"tasks": [{"result": result}]}, api.ListTasksResponse()).SerializeToString()
    assert api.ListTasksResponse.FromString(sent).tasks[0].result.fields["a"].struct_value.fields


def test_whole_numbers_up_to_2_to_the_53_are_results(load):
    assert run(load("async def main(task): return {'a': 2**53 - 1, 'b': -(2**53) + 1}")).result["a"] == 2**53 - 1


def test_a_result_of_64_kib_is_taken_and_one_byte_more_is_not(load):
    script = load("async def main(task): return {'text': 'x' * task.params['n'], 'small': 1}")
    rest = 65536 - len(json.dumps({"text": "", "small": 1}, separators=(",", ":")))
    assert len(run(script, {"n": rest}).outcome.result) == 65536
    failure = run(script, {"n": rest + 1}).failure
    assert (failure.code, failure.reason) == (11, "RESULT_TOO_LARGE")
    assert failure.metadata == {"limit_bytes": "65536", "size_bytes": "65537"}
    assert "result.text alone takes" in failure.message


def test_a_script_that_fails_on_purpose_has_its_own_words(load, colour):
    script = load(
        "async def main(task): raise Failed('the crane broke', reason='CRANE', retryable=True, metadata={'n': 3})",
        colour,
    )
    done = run(script)
    failure = done.failure
    assert (failure.code, failure.reason, failure.message, failure.retryable) == (2, "CRANE", "the crane broke", True)
    assert failure.metadata == {"n": "3"}
    assert done.log == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [("'x', reason='CHECKSUM_MISMATCH'", 15), ("'x', reason='MINE', code=8", 8), ("'x'", 2), ("'x', code=99", 2)],
)
def test_the_code_is_the_documented_one_unless_it_is_given(load, arguments, code):
    assert run(load(f"async def main(task): raise Failed({arguments})")).failure.code == code


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("raise RuntimeError('the rope broke')", "RuntimeError"),
        ("assert False, 'the rope broke'", "AssertionError"),
        ("sys.exit('the rope broke')", "SystemExit"),
        ("raise KeyboardInterrupt('the rope broke')", "KeyboardInterrupt"),
        ("raise GeneratorExit('the rope broke')", "GeneratorExit"),
        ("raise Refused('the rope broke')", "wharfinger.script.errors.Refused"),
    ],
)
def test_any_other_exception_is_told_with_its_type_message_and_place(load, colour, statement, name):
    script = load(f"\nasync def main(task):\n    {statement}\n", colour)
    done = run(script)
    assert (done.failure.code, done.failure.reason) == (2, "SCRIPT_RAISED")
    assert done.failure.message == f"{name}: the rope broke ({script.__name__}.py:5)"
    assert done.failure.metadata == {"exception": name}


def test_the_place_is_the_scripts_own_line_and_not_a_librarys(load):
    script = load("import json\nasync def main(task):\n    json.loads('{')\n")
    assert run(script).failure.message.endswith(f"({script.__name__}.py:5)")


def test_the_place_inside_a_package_has_its_path(load, tmp_path, monkeypatch):
    package = tmp_path / "harbour_x" / "deep"
    package.mkdir(parents=True)
    (tmp_path / "harbour_x" / "__init__.py").touch()
    (tmp_path / "harbour_x" / "lift.py").write_text("def lift():\n    raise OSError('heavy')\n")
    (package / "__init__.py").touch()
    (package / "move.py").write_text("from harbour_x.lift import lift\n\ndef main(task):\n    lift()\n")
    monkeypatch.syspath_prepend(tmp_path)
    from importlib import import_module

    script = import_module("harbour_x.deep.move")
    assert run(script).failure.message == "OSError: heavy (harbour_x/lift.py:2)"


def test_the_traceback_goes_to_the_log_at_debug(load, colour):
    done = run(load("async def main(task):\n    raise RuntimeError('the rope broke')", colour))
    assert {level for level, _ in done.log} == {1}
    assert done.lines[0].startswith("Traceback")
    assert done.lines[-1] == "RuntimeError: the rope broke"


def test_an_exception_that_can_not_be_printed_is_told_by_its_type(load, colour):
    script = load(
        """
        class Broken(Exception):
            def __str__(self):
                raise ValueError("no")
        async def main(task):
            raise Broken
        """,
        colour,
    )
    assert run(script).failure.message.startswith(f"{script.__name__}.Broken (")


def test_a_message_of_any_size_and_kind_is_made_fit(load):
    message = run(load("async def main(task): raise Failed('\\ud800\\0' + 'x' * 100_000)")).failure.message
    assert message.startswith("?\N{REPLACEMENT CHARACTER}x")
    assert len(message) == 2000


def test_of_several_errors_at_once_the_scripts_own_word_counts(load):
    script = load(
        """
        async def main(task):
            async def fail(error):
                raise error
            async with asyncio.TaskGroup() as group:
                group.create_task(fail(OSError("first")))
                group.create_task(fail(Failed("second", reason="MINE")))
        """
    )
    failure = run(script).failure
    assert (failure.reason, failure.message) == ("MINE", "second (and 1 more)")


def test_a_lost_lease_inside_a_group_ends_without_an_outcome(load):
    script = load(
        """
        from wharfinger.runtime.protocol import LeaseLost
        async def main(task):
            async def fail(error):
                raise error
            async with asyncio.TaskGroup() as group:
                group.create_task(fail(OSError("first")))
                group.create_task(fail(LeaseLost()))
        """
    )
    assert run(script).outcome is None


def test_a_failure_names_the_innermost_step_it_left(load, colour):
    script = load(
        """
        async def main(task):
            with task.step("outer"):
                with task.step("inner"):
                    raise RuntimeError("x")
        """,
        colour,
    )
    assert run(script).failure.step == "inner"


def test_a_failure_in_a_group_names_its_step(load):
    script = load(
        """
        async def main(task):
            async def work():
                with task.step("inner"):
                    raise Failed("x")
            with task.step("outer"):
                async with asyncio.TaskGroup() as group:
                    group.create_task(work())
        """
    )
    assert run(script).failure.step == "inner"


def test_an_error_that_was_handled_lends_its_step_to_no_other(load, colour):
    script = load(
        """
        async def main(task):
            try:
                with task.step("first"):
                    raise OSError("x")
            except OSError:
                pass
            raise RuntimeError("y")
        """,
        colour,
    )
    assert run(script).failure.step == ""


class Fenced(MemorySession):
    """Its lease is gone by the time it ends."""

    async def finish(self, outcome):
        raise LeaseLost


def test_a_lease_lost_at_the_very_end_is_quiet(load, colour):
    assert Trial(load("async def main(task): pass", colour)).run(session=Fenced(Done())).outcome is None


class Broken(MemorySession):
    """Its database is gone by the time it ends."""

    async def finish(self, outcome):
        raise ConnectionError("the database does not answer")


def test_a_session_that_can_not_take_the_outcome_is_the_callers_to_know(load, colour):
    with pytest.raises(ConnectionError):
        Trial(load("async def main(task): pass", colour)).run(session=Broken(Done()))


def test_a_phase_that_is_not_known_here_is_refused(load):
    assignment = Assignment("t", "u", 1, Phase.UNDO, "s", 1, {}, Context("p"))
    done = Done()
    runtime.run_blocking(load("def main(task): print('ran')"), assignment, MemorySession(done), Stop())
    assert (done.failure.code, done.failure.reason) == (12, "NOT_SUPPORTED")
    assert done.log == []


def test_a_plain_session_that_waits_for_a_loop_is_told(load):
    class Suspends(MemorySession):
        async def memo(self, key, value):
            import asyncio

            await asyncio.sleep(0)

    done = Trial(load("def main(task): task.once('k', lambda: 1)")).run(session=Suspends(Done()))
    assert "waited for an event loop" in done.failure.message
