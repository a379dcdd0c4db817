"""Secrets are found in every form that programs write them in, and nothing else is touched."""

import base64
import html
import json
import re
import time
import urllib.parse
import xml.sax.saxutils

import pytest

from wharfinger.runtime.redaction import MARK, Known, Redactor, redacted, secrets_in, within
from wharfinger.runtime.text import clean

WORD = "p\u00e4ss/w\"o'rd+<&> \\ %41"


@pytest.mark.parametrize(
    "written",
    [
        WORD,
        json.dumps(WORD),
        json.dumps(WORD, ensure_ascii=False),
        repr(WORD),
        ascii(WORD),
        repr(WORD.encode()),
        html.escape(WORD),
        html.escape(WORD, quote=False),
        xml.sax.saxutils.escape(WORD),
        json.dumps(json.dumps({"password": WORD}, ensure_ascii=False)[13:-1], ensure_ascii=False),
        json.dumps(json.dumps({"password": WORD})[13:-1]),
        urllib.parse.quote(urllib.parse.quote(WORD, safe=""), safe=""),
        urllib.parse.quote(urllib.parse.quote(WORD)),
        WORD.encode().hex(":"),
        WORD.upper(),
        WORD.lower(),
        urllib.parse.quote(WORD),
        urllib.parse.quote(WORD, safe=""),
        urllib.parse.quote_plus(WORD),
        re.sub("%..", lambda escape: escape[0].lower(), urllib.parse.quote(WORD, safe="")),
        WORD.encode().hex(),
        WORD.encode().hex().upper(),
    ],
)
def test_a_secret_is_found_as_programs_write_it(written):
    told = Redactor([WORD]).text(f"it is {written}, they say")
    assert told.startswith("it is ")
    assert told.endswith(", they say")
    assert MARK in told
    assert "w" not in told.removeprefix("it is ").removesuffix(", they say").replace(MARK, "")


@pytest.mark.parametrize("before", ["", "u:", "me:", "user:"])
@pytest.mark.parametrize("after", ["", "!", "!!"])
def test_a_secret_is_found_inside_of_base64(before, after):
    secret = "correct horse battery"
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        told = Redactor([secret]).text(encode(f"{before}{secret}{after}".encode()).decode())
        assert MARK in told
        assert len(told.replace(MARK, "")) <= len(before) * 2 + 8


@pytest.mark.parametrize("length", [60, 64, 76])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\n  ", "\\n"])
def test_a_secret_is_found_inside_of_base64_in_lines(length, line_break):
    secret = "correct horse battery staple, and a word that makes it sixty"
    for before in ("", "u:", "a longer text that comes before it"):
        text = base64.b64encode(f"{before}{secret} or so".encode()).decode()
        written = line_break.join(text[at : at + length] for at in range(0, len(text), length))
        told = Redactor([secret]).text(f"data: {written} end")
        assert MARK in told
        assert len(told.replace(MARK, "")) <= len("data:  end") + len(before) * 2 + 16
    lines = f"data: {'A' * length}{line_break}{'B' * length} end"
    assert Redactor([secret]).text(lines) == lines


def test_looking_for_base64_in_lines_takes_no_longer_than_the_text_is_long():
    redactor = Redactor(["correct horse battery"])
    for text in ("A" * 1_000_000 + "\n", ("A" * 20 + "\n") * 50_000 + "-", ("A" * 20 + "\\") * 50_000 + "\n"):
        began = time.process_time()
        assert redactor.text(text) == text
        assert time.process_time() - began < 0.5


@pytest.mark.parametrize("end", ["\n", " ", "\r\n", "\t"])
def test_a_secret_with_a_blank_at_its_end_is_found_without_it(end):
    redactor = Redactor([f"s3cret-value-1{end}"])
    assert redactor.text("it is s3cret-value-1.") == f"it is {MARK}."
    assert redactor.holds("s3cret-value-1")


def test_another_case_is_found_and_keeps_no_key_from_being_used():
    redactor = Redactor(["Bearer-Word-1"])
    assert redactor.text("x bearer-word-1 BEARER-WORD-1") == f"x {MARK} {MARK}"
    assert not redactor.holds("node/bearer-word-1")


def test_a_number_is_found_however_it_is_written():
    redactor = Redactor(["123456789"])
    assert redactor.value([123456789, 123456789.0, 1234567890, 0.5]) == [MARK, MARK, 1234567890, 0.5]
    assert redactor.text("it is 123456789.0 or 123,456,789") == f"it is {MARK}.0 or {MARK}"
    assert Redactor(["1234567.0"]).value([1234567, 1234567.0]) == [MARK, MARK]


def test_a_secret_of_several_lines_is_found_line_by_line():
    key = "-----BEGIN KEY-----\n  MIIEvAIBADANBgkq\n  hkiG9w0BAQEFAASC\nend\n-----END KEY-----\n"
    redactor = Redactor([key])
    assert redactor.text(key) == MARK
    assert redactor.text("x MIIEvAIBADANBgkq") == "x MIIEvAIBADANBgkq"  # not a whole line, nor the first or the last
    assert redactor.text("    hkiG9w0BAQEFAASC  \nnext") == f"    {MARK}  \nnext"
    assert redactor.text("got -----END KEY-----") == f"got {MARK}"
    assert redactor.text("the end") == "the end"


def test_the_query_of_a_presigned_url_is_found_without_the_rest():
    redactor = Redactor(["https://user:hunter%2Ftwo@b.example/x?X-Sig=0a1b2c3d4e5f%2B&n=1"])
    assert redactor.text("GET /x?X-Sig=0a1b2c3d4e5f%2B&n=1") == f"GET /x?{MARK}"
    assert redactor.text("sig 0a1b2c3d4e5f+") == f"sig {MARK}"
    assert redactor.text("hunter/two") == MARK
    assert redactor.text("b.example") == "b.example"


def test_short_secrets_are_not_looked_for():
    redactor = Redactor(["12345", ""])
    assert not redactor
    assert redactor.text("12345") == "12345"


def test_json_stays_json():
    redactor = Redactor(["secret-word", "123456"])
    body = b'{"a":["secret-word",123456,1234567,true,null],"my secret-word":{"b":"x secret-word"}}'
    assert json.loads(redactor.json(body)) == {
        "a": [MARK, MARK, 1234567, True, None],
        f"my {MARK}": {"b": f"x {MARK}"},
    }
    untouched = b'{"a" : 1}'
    assert redactor.json(untouched) is untouched


def test_values_inside_of_what_is_sealed_are_secrets():
    sealed = {"user": "somebody", "keys": ["first-key", {"pin": 123456, "on": True, "no": None}]}
    assert list(secrets_in(sealed)) == ["somebody", "first-key", "123456"]


def test_a_text_is_redacted_before_it_is_cut():
    with within(Redactor(["secret-word"])):
        assert clean("12345678 secret-word", 15) == f"12345678 {MARK[:5]}…"
        assert redacted("secret-word") == MARK
    assert redacted("secret-word") == "secret-word"


def test_only_whole_secrets_keep_a_key_from_being_used():
    redactor = Redactor(["first line of data\nlast line of data"])
    assert redactor.text("node/first line of data") == f"node/{MARK}"
    assert not redactor.holds("node/first line of data")
    assert redactor.holds("first line of data\nlast line of data")


def test_a_secret_may_be_added_later():
    redactor = Redactor()
    assert redactor.text("a token") == "a token"
    redactor.add("a token")
    assert redactor.text("a token") == MARK
    assert "token" not in repr(redactor)


def test_a_process_knows_the_secrets_at_hand_and_for_a_while_those_before():
    known = Known()
    mine, large = Redactor(["mine-mine"]), Redactor(["x" * 100_000])
    for redactor in (mine, large):
        known.keep(redactor)
    assert known.text("mine-mine " + "x" * 100_000) == f"{MARK} {MARK}"
    for redactor in (mine, large):
        known.release(redactor)
    assert known.text("mine-mine " + "x" * 100_000) == f"{MARK} " + "x" * 100_000
    for number in range(100):
        known.linger(Redactor([f"another {number:09}"]))
    assert known.text("mine-mine") == "mine-mine"


def test_a_large_secret_costs_little():
    redactor = Redactor(["\n".join(f"line {number} of a long text" for number in range(20_000))])
    redactor.text("begin")
    began = time.perf_counter()
    for _ in range(100):
        redactor.text("some line of the log that holds no secret")
    assert time.perf_counter() - began < 0.1
