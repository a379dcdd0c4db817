"""Places in code are told from where the code is imported."""

from __future__ import annotations

import json
import sys

import pytest

from wharfinger_prices.plugin_places import place_of_error
from wharfinger_server.sdk.places import place, place_in_package


def test_a_file_is_named_below_the_folder_it_is_imported_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["/a", "/a/site-packages/", "", *sys.path])
    assert place("/a/site-packages/acme/make.py", 3) == "acme/make.py:3"
    assert place("/a/b/c.py", 3) == "b/c.py:3"
    assert place("/elsewhere/far/acme/make.py", 7) == "acme/make.py:7"
    assert place("<string>", 1) == "<string>:1"


def test_an_error_is_placed_in_the_innermost_code_beyond_the_caller() -> None:
    def caught(text: str) -> str:
        try:
            int(text)
            json.loads(text)
        except ValueError as error:
            return place_of_error(error)
        return "nothing was raised"

    assert caught("no number") == ""
    assert caught("٣").startswith("json/decoder.py:")
    assert place_of_error(KeyError()) == ""


def test_a_frame_is_placed_in_the_package_asked_for() -> None:
    here = sys._getframe()
    assert place_in_package(here, __name__)[1] == "test_a_frame_is_placed_in_the_package_asked_for"
    assert place_in_package(here, "_pytest.python")[0].startswith("_pytest/")
    assert place_in_package(here, "no.such.package")[1] == "test_a_frame_is_placed_in_the_package_asked_for"
    assert place_in_package(None, "any") == ("", "")
