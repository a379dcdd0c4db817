"""Sealed params: kept apart, opened for attempts alone, erased at the end, and what happens when their key is gone."""

import asyncio
import hashlib
import json
import secrets
import time
from dataclasses import replace

import pytest
from tests.engine.conftest import stop

from wharfinger.ledger.states import TaskState
from wharfinger_server.config import ConfigError, Sealing, SealKeys, Settings, make_key, parse_keys
from wharfinger_server.domain.errors import AlreadyExists, FailedPrecondition, InvalidArgument
from wharfinger_server.engine.params.sealed_fields import MARK, SealedFields, with_values, without
from wharfinger_server.engine.use_cases.repeats import Ask


@pytest.fixture
def settings(tmp_path):
    return replace(Settings(), sealing=Sealing(key_file=str(tmp_path / "keys")))


@pytest.fixture
def word():
    return secrets.token_urlsafe(16)


def digest(word):
    return hashlib.sha256(word.encode()).hexdigest()


def result(shown):
    return json.loads(shown.task.result)["digests"]


async def notes(pier, shown):
    events = await pier.events(shown.task.task_id)
    return [event.log.text for event in events if event.HasField("log")]


async def test_a_script_gets_its_sealed_params_and_nobody_else_does(start, settings, word):
    pier = await start(settings)
    shown = await pier.run("harbour.vault", params={"password": word, "keys": [word + "2", None]})
    assert shown.task.state is TaskState.SUCCEEDED, shown.task.error
    assert result(shown) == [digest(word), digest(word + "2"), None]
    assert json.loads(shown.task.spec.params) == {"password": MARK, "keys": [MARK, None]}
    assert shown.task.spec.sealed == ("/password", "/keys/0")


async def test_sealed_params_are_erased_when_a_task_ends_with_nothing_open(start, settings, word):
    pier = await start(settings)
    shown = await pier.run("harbour.vault", params={"password": word})
    assert shown.task.seal_key == ""
    assert await pier.store.sealed(shown.task.id) is None


async def test_undo_after_success_goes_without_sealed_params(start, settings, word):
    pier = await start(settings)
    shown = await pier.run("harbour.vault", params={"password": word})
    await pier.engine.remediation.roll_back(pier.caller, Ask("default", shown.task.task_id))
    rolled = await pier.rest(shown.task.task_id)
    assert rolled.task.state is TaskState.ROLLED_BACK
    assert "undo with [None]" in await notes(pier, rolled)


async def test_a_half_done_task_keeps_them_for_resume(start, settings, word):
    pier = await start(settings)
    shown = await pier.run("harbour.vault", params={"password": word, "fail": True})
    assert shown.task.state is TaskState.PARTIALLY_FAILED
    assert shown.task.seal_key
    await stop(pier)
    pier = await start(settings)
    await pier.engine.remediation.resume(pier.caller, Ask("default", shown.task.task_id))
    resumed = await pier.rest(shown.task.task_id)
    assert result(resumed) == [digest(word)]
    assert await pier.store.seal_keys() == {}


async def test_a_half_done_task_keeps_them_for_undo_and_loses_them_then(start, settings, word):
    pier = await start(settings)
    shown = await pier.run("harbour.vault", params={"password": word, "fail": True})
    await pier.engine.remediation.roll_back(pier.caller, Ask("default", shown.task.task_id))
    rolled = await pier.rest(shown.task.task_id)
    assert rolled.task.state is TaskState.ROLLED_BACK
    assert f"undo with ['{digest(word)}']" in await notes(pier, rolled)
    assert await pier.store.seal_keys() == {}


async def test_a_task_whose_sealed_params_are_erased_is_not_resumed(start, settings, word):
    pier = await start(settings)
    shown = await pier.run("harbour.vault", params={"password": word, "fail": True})
    await pier.store.change(shown.task.id, lambda work: work.erase_sealed())
    with pytest.raises(FailedPrecondition, match="its sealed params were erased"):
        await pier.engine.remediation.resume(pier.caller, Ask("default", shown.task.task_id))
    again = await pier.engine.tasks.get(pier.caller, "default", shown.task.task_id)
    assert "RESUME" not in again.allowed_actions


async def test_queued_tasks_are_opened_by_the_next_server(start, settings, word):
    pier = await start(settings)
    held = await pier.create("harbour.vault", params={"password": word, "gate": "shut"})
    await asyncio.sleep(0.1)
    await stop(pier)
    pier = await start(settings)
    assert result(await pier.rest(held.task.task_id)) == [digest(word)]


# ---------------------------------------------------------------- keys


async def test_a_new_key_seals_and_the_old_one_still_opens(start, settings, tmp_path, word):
    pier = await start(settings)
    shown = await pier.run("harbour.vault", params={"password": word, "fail": True})
    await stop(pier)
    file = tmp_path / "keys"
    file.write_text(f"{make_key()}\n{file.read_text()}")
    pier = await start(settings)
    fresh = await pier.run("harbour.vault", params={"password": word, "fail": True})
    assert fresh.task.seal_key != shown.task.seal_key
    await pier.engine.remediation.resume(pier.caller, Ask("default", shown.task.task_id))
    assert result(await pier.rest(shown.task.task_id)) == [digest(word)]


async def test_without_its_key_a_task_fails_and_says_which_one_it_needs(start, settings, tmp_path, word, caplog):
    pier = await start(settings)
    shown = await pier.run("harbour.vault", params={"password": word, "fail": True})
    key = shown.task.seal_key
    await stop(pier)
    kept = (tmp_path / "keys").read_text()
    (tmp_path / "keys").write_text(make_key())
    pier = await start(settings)
    assert f"1 tasks have params sealed under the key {key}" in caplog.text
    ask = Ask("default", shown.task.task_id)
    await pier.engine.remediation.roll_back(pier.caller, ask)
    failed = await pier.rest(shown.task.task_id)
    assert failed.task.state is TaskState.ROLLBACK_FAILED
    error = failed.task.rollback_error
    assert (error.reason, error.metadata) == ("SEAL_KEY_MISSING", {"key": key})
    assert f"need the key {key}, which is not in {tmp_path / 'keys'}" in error.message
    # Put back, it is found without another start.
    (tmp_path / "keys").write_text(kept)
    await pier.engine.remediation.roll_back(pier.caller, ask)
    assert (await pier.rest(shown.task.task_id)).task.state is TaskState.ROLLED_BACK


async def test_what_was_sealed_for_another_task_does_not_open(start, settings, word):
    pier = await start(settings)
    one = await pier.run("harbour.vault", params={"password": word, "fail": True})
    other = await pier.run("harbour.vault", params={"password": word, "fail": True})
    foreign = await pier.store.sealed(other.task.id)

    async def moved(_):
        return foreign

    pier.store.sealed = moved
    await pier.engine.remediation.resume(pier.caller, Ask("default", one.task.task_id))
    shown = await pier.rest(one.task.task_id)
    assert shown.task.error.reason == "SEALED_PARAMS_DAMAGED"


async def test_the_file_of_keys_is_for_the_server_alone(start, settings, tmp_path, word):
    pier = await start(settings)
    assert not (tmp_path / "keys").exists()
    await pier.run("harbour.vault", params={"password": word})
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600
    (tmp_path / "keys").chmod(0o640)
    with pytest.raises(ConfigError, match="is open to others"):
        SealKeys(tmp_path / "keys")


@pytest.mark.parametrize("text", ["short", "YWJj", "ä" * 44])
def test_a_line_that_is_no_key_is_refused_without_being_shown(text):
    with pytest.raises(ConfigError, match="keys:2: is no key of 32 bytes") as caught:
        parse_keys(f"# of ours\n{text}\n", "keys")
    assert text not in str(caught.value)


@pytest.mark.processes
def test_a_command_may_print_the_keys(tmp_path):
    key = make_key()
    (tmp_path / "stored").write_text(key)
    assert SealKeys(tmp_path / "none", f"cat {tmp_path / 'stored'}").current()[0] == next(iter(parse_keys(key, "")))
    for command, why in (("false", "it ended with 1"), ("/no/such/command", "No such file")):
        with pytest.raises(ConfigError, match=why):
            SealKeys(tmp_path / "none", command)


async def test_where_no_key_can_be_made_nothing_is_sealed(start, word):
    pier = await start(replace(Settings(), sealing=Sealing(key_file="/proc/none/keys")))
    with pytest.raises(FailedPrecondition, match="can't be written") as caught:
        await pier.create("harbour.vault", params={"password": word})
    assert caught.value.reason == "SEAL_KEY_MISSING"
    assert (await pier.run("harbour.vault", params={})).task.state is TaskState.SUCCEEDED


# ---------------------------------------------------------------- requests


async def test_one_request_id_makes_one_task_whichever_key_seals(start, settings, tmp_path, word):
    pier = await start(settings)
    made = await pier.create("harbour.vault", params={"password": word}, request_id="r-1")
    assert word not in made.task.spec.request_digest
    assert digest(word) not in made.task.spec.request_digest
    await pier.rest(made.task.task_id)
    await stop(pier)
    file = tmp_path / "keys"
    file.write_text(f"{make_key()}\n{file.read_text()}")
    pier = await start(settings)
    again = await pier.create("harbour.vault", params={"password": word}, request_id="r-1")
    assert again.task.id == made.task.id
    with pytest.raises(AlreadyExists) as caught:
        await pier.create("harbour.vault", params={"password": word + "!"}, request_id="r-1")
    assert caught.value.reason == "REQUEST_ID_REUSED"


async def test_the_mark_is_refused_where_a_value_is_asked_for(start, settings):
    pier = await start(settings)
    with pytest.raises(InvalidArgument, match=r"task.params.password: is the mark of a sealed value"):
        await pier.create("harbour.vault", params={"password": MARK})


async def test_validation_alone_seals_nothing_and_shows_nothing(start, settings, tmp_path, word):
    pier = await start(settings)
    shown = await pier.create("harbour.vault", params={"password": word}, validate_only=True)
    assert json.loads(shown.task.spec.params) == {"password": MARK}
    assert not (tmp_path / "keys").exists()


# ---------------------------------------------------------------- fields

SEALED = {"type": "string", "writeOnly": True}


@pytest.mark.parametrize(
    ("schema", "params", "places"),
    [
        ({"properties": {"a": SEALED}}, {"a": "x", "b": "y"}, ["/a"]),
        ({"properties": {"a": SEALED}}, {"a": None}, []),
        ({"properties": {"a": {"$ref": "#/$defs/s"}}, "$defs": {"s": SEALED}}, {"a": "x"}, ["/a"]),
        ({"properties": {"a": {"allOf": [{"$ref": "#/$defs/s"}]}}, "$defs": {"s": SEALED}}, {"a": "x"}, ["/a"]),
        ({"properties": {"a": {"anyOf": [SEALED, {"type": "null"}]}}}, {"a": "x"}, ["/a"]),
        ({"properties": {"a": {"writeOnly": True, "type": "object"}}}, {"a": {"b": {"c": 1}}}, ["/a"]),
        ({"properties": {"a": {"items": SEALED}}}, {"a": ["x", "y"]}, ["/a/0", "/a/1"]),
        ({"properties": {"a": {"prefixItems": [{}, SEALED]}}}, {"a": ["x", "y"]}, ["/a/1"]),
        ({"properties": {"a": {"properties": {"b": SEALED}}}}, {"a": {"b": "x", "c": "y"}}, ["/a/b"]),
        ({"additionalProperties": SEALED, "properties": {"a": {}}}, {"a": "x", "b/~": "y"}, ["/b~1~0"]),
        ({"patternProperties": {"^p": SEALED}}, {"p1": "x", "q": "y"}, ["/p1"]),
        ({"writeOnly": True}, {"a": "x", "b": {"c": 1}}, ["/a", "/b"]),
        ({"if": {}, "then": {"properties": {"a": SEALED}}}, {"a": "x"}, ["/a"]),
        (
            {
                "properties": {"n": {"$ref": "#/$defs/n"}},
                "$defs": {"n": {"properties": {"n": {"$ref": "#/$defs/n"}, "s": SEALED}}},
            },
            {"n": {"n": {"s": "x"}, "s": "y"}},
            ["/n/n/s", "/n/s"],
        ),
    ],
)
def test_sealed_places_are_found_wherever_the_schema_marks_them(schema, params, places):
    fields = SealedFields(schema)
    public, values = without(params, fields.paths(params))
    assert list(values) == places
    assert with_values(public, list(values), values) == params
    assert with_values(without(params, fields.paths(params))[0], places, {}) != params or not places


def test_a_mark_behind_a_reference_that_cannot_be_followed_is_refused():
    with pytest.raises(ValueError, match="references must begin with '#/'"):
        SealedFields({"properties": {"a": {"$ref": "#s"}, "b": SEALED}})


def test_parts_without_a_mark_are_not_walked_through():
    schema = {"properties": {"word": SEALED, "numbers": {"type": "array", "items": {"type": "integer"}}}}
    fields = SealedFields(schema)
    params = {"word": "x", "numbers": list(range(300_000))}
    began = time.thread_time()
    assert fields.paths(params) == [("word",)]
    assert time.thread_time() - began < 0.01


@pytest.mark.parametrize(
    ("pattern", "sealed", "plain"),
    [
        ("^(a+)+$", "a" * 22, "a" * 24 + "!"),
        (r"^\d+$", "12", "x"),
        (r"^\p{Lu}", "\u00c4", "\u00e4"),
        (r"^(?!pub_)", "key", "pub_key"),
        # What can't be told in some steps is sealed.
        (r"^((a+)\2?)+$", "a" * 24 + "!", None),
    ],
)
def test_patterns_of_keys_are_matched_as_the_validator_does_and_in_no_time(pattern, sealed, plain):
    fields = SealedFields({"patternProperties": {pattern: SEALED}})
    began = time.thread_time()
    for _ in range(3):
        assert fields.paths({sealed: "x", **({plain: "x"} if plain else {})}) == [(sealed,)]
    assert time.thread_time() - began < 0.1


async def test_only_so_many_texts_of_a_task_are_sealed(start, settings, word):
    pier = await start(settings)
    keys = [f"{word}-{i}" for i in range(257)]
    with pytest.raises(InvalidArgument, match="has 257 texts and numbers to be sealed; 256 are the most") as caught:
        await pier.create("harbour.vault", params={"keys": keys})
    assert (caught.value.reason, word in str(caught.value)) == ("PARAMS_INVALID", False)
    shown = await pier.run("harbour.vault", params={"password": keys[0], "keys": keys[1:256]})
    assert result(shown) == [digest(key) for key in keys[:256]]
