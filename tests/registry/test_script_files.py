"""Scripts in files: which files are scripts, what is imported anew, and what is told of those that can't be used."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from wharfinger_server.registry.script_files import VERSION, ScriptFiles

SCRIPT = '"""Say {word}."""\n\n\ndef main(task):\n    return {{"word": "{word}"}}\n'


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    path, modules, bytecode = list(sys.path), set(sys.modules), sys.dont_write_bytecode
    yield
    sys.path[:], sys.dont_write_bytecode = path, bytecode
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def told(files: ScriptFiles) -> dict[str, str]:
    return {plugin.name: plugin.broken for plugin in files.load()}


def test_files_with_a_main_are_scripts_named_by_their_path(tmp_path: Path) -> None:
    write(tmp_path / "hello.py", SCRIPT.format(word="hello"))
    write(tmp_path / "net/open.py", "async def main(task): ...\n")
    write(tmp_path / "borrowed.py", "from hello import main\n")
    for other in ("_helper.py", "words.py", "test_hello.py", ".hidden/x.py", "venv/lib/y.py"):
        write(tmp_path / other, "def main(task): ...\n" if other != "words.py" else "WORD = 1\n")
    write(tmp_path / "venv/pyvenv.cfg", "")
    files = ScriptFiles(tmp_path)
    plugins = {plugin.name: plugin for plugin in files.load()}
    assert sorted(plugins) == files.names() == ["borrowed", "hello", "net.open"]
    assert {plugin.broken for plugin in plugins.values()} == {""}
    assert plugins["hello"].info is not None
    assert (plugins["hello"].info.summary, plugins["hello"].version) == ("Say hello.", VERSION)
    assert files.first_names == {"borrowed", "hello", "net", "words"}


def test_a_single_file_is_a_script_or_told_why_it_is_none(tmp_path: Path) -> None:
    write(tmp_path / "one.py", "x = 1\n")
    write(tmp_path / "two.py", SCRIPT.format(word="two"))
    (only,) = ScriptFiles(tmp_path / "one.py").load()
    assert "has no `main`" in only.broken
    assert told(ScriptFiles(tmp_path / "two.py")) == {"two": ""}


def test_what_is_wrong_is_told_with_its_place(tmp_path: Path) -> None:
    write(tmp_path / "syntax.py", "def main(task):\n    return (\n")
    write(tmp_path / "raises.py", "import os\n\nos.no_such()\n\ndef main(task): ...\n")
    write(tmp_path / "leaves.py", "raise SystemExit(3)\ndef main(task): ...\n")
    write(tmp_path / "no name.py", "def main(task): ...\n")
    broken = told(ScriptFiles(tmp_path))
    assert "SyntaxError" in broken["syntax"]
    assert "(at syntax.py:2)" in broken["syntax"]
    assert "AttributeError" in broken["raises"]
    assert "(at raises.py:3)" in broken["raises"]
    assert "SystemExit: 3" in broken["leaves"]
    assert "can't be a script's name" in broken["no name"]


def test_an_edit_is_seen_even_in_the_same_second_and_of_the_same_length(tmp_path: Path) -> None:
    script = tmp_path / "say.py"
    write(script, "import words\n\ndef main(task):\n    return {'word': words.WORD}\n")
    write(tmp_path / "words.py", "WORD = 'old'\n")
    files = ScriptFiles(tmp_path)
    (before,) = files.load()
    assert not files.changed()
    stat = (tmp_path / "words.py").stat()
    write(tmp_path / "words.py", "WORD = 'new'\n")
    os.utime(tmp_path / "words.py", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert files.changed()
    (after,) = files.load()
    assert not files.changed()
    assert before.module is not None
    assert after.module is not None
    assert (before.module.main(None), after.module.main(None)) == ({"word": "old"}, {"word": "new"})


def test_a_module_that_breaks_stays_as_it_was_for_those_that_have_it(tmp_path: Path) -> None:
    write(tmp_path / "late.py", "def main(task):\n    import words\n    return words.WORD\n")
    write(tmp_path / "early.py", "import words\n\ndef main(task):\n    return words.WORD\n")
    write(tmp_path / "words.py", "WORD = 'old'\n")
    files = ScriptFiles(tmp_path)
    files.load()
    write(tmp_path / "words.py", "WORD = \n")
    broken = {plugin.name: plugin for plugin in files.load()}
    assert "(at words.py:1)" in broken["early"].broken
    late = broken["late"]
    assert late.module is not None
    assert late.module.main(None) == "old"


def test_what_others_imported_from_the_folder_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "elsewhere.py", "X = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import elsewhere

    write(tmp_path / "say.py", "import elsewhere\n\ndef main(task): ...\n")
    ScriptFiles(tmp_path).load()
    assert sys.modules["elsewhere"] is elsewhere


def test_a_file_that_is_being_written_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "say.py", SCRIPT.format(word="a"))
    files = ScriptFiles(tmp_path)
    files.load()
    write(tmp_path / "say.py", "half")
    monkeypatch.setattr(time, "sleep", lambda _: write(tmp_path / "say.py", SCRIPT.format(word="whole")))
    assert not files.changed()
    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert files.changed()
