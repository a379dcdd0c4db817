"""Help, typing errors, and what is said when there is no server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Shell

HEAVY = (
    "grpc",
    "google",
    "rich",
    "asyncio",
    "importlib.metadata",
    "pathlib",
    "wharfinger.blocking",
    "wharfinger_server",
)


@pytest.mark.processes
def test_help_tells_every_command_without_loading_them(nobody: Shell) -> None:
    code = (
        "import sys; sys.argv = ['wharfinger', '--help']\n"
        "from wharfinger.cli import main\n"
        "try: main()\n"
        f"finally: print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    *text, loaded = done.stdout.splitlines()
    assert loaded == "[]"
    for name in (
        "submit",
        "ls",
        "show",
        "watch",
        "wait",
        "logs",
        "cancel",
        "delete",
        "events",
        "ledger",
        "rollback",
        "resume",
        "resolve",
    ):
        assert any(line.strip().startswith(f"{name} ") for line in text), name


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sbmit"], "there is no command 'sbmit'; did you mean 'submit'?"),
        (["serv"], "did you mean 'serve'?"),
        (["ls", "--sate", "x"], "there is no option --sate; did you mean '--state'?"),
        (["ls", "--state", "runing"], "did you mean 'RUNNING'?"),
        (["ls", "--label", "x"], "--label x: give KEY=VALUE"),
        (["submit", "x", "--label", "y"], "'y' is no KEY=VALUE"),
        (["submit", "x", "--params", "/does/not/exist"], "No such file"),
        (["show"], "Missing argument 'TASK'"),
        (["--server", "a:b", "ls"], "server 'a:b' is no address"),
        (["--server", "http://far.example:1", "--token", "t", "ls"], "refusing to send the token"),
        (["cancel", "a", "b", "--etag", "x"], "--etag is of one task"),
        (["--ca", "/does/not/exist.pem", "ls"], "the certificates to trust can't be read from /does/not/exist.pem"),
        (["resolve", "t", "k"], "Missing argument 'VERDICT'. Choose from: created, not_created, retain, forget, gone"),
        (["resolve", "t", "k", "maybe"], "Invalid value for 'VERDICT'"),
    ],
)
def test_wrong_usage_is_told_in_two_lines(nobody: Shell, arguments: list[str], told: str) -> None:
    said = nobody(*arguments)
    assert said.code == 2
    assert said.out == ""
    assert told in said.err
    assert said.err.startswith("wharfinger: ")
    assert len(said.err.splitlines()) <= 2


def test_a_server_that_is_not_there_is_told_in_two_lines(nobody: Shell) -> None:
    for arguments in (["watch", "t"], ["submit", "harbour.noop"]):
        said = nobody(*arguments)
        assert said.code == 4
        assert said.out == ""
        assert said.err.splitlines()[0] == "wharfinger: no answer from the server at 127.0.0.1:1: Connection refused"
        assert len(said.err.splitlines()) == 2


def test_a_server_without_tls_is_told_as_that_and_not_as_missing(wharf: Shell) -> None:
    said = wharf("--server", f"https://{wharf.server}", "ls")
    assert (said.code, len(said.err.splitlines())) == (4, 2)
    assert "does not speak TLS\nWithout TLS it is http://" in said.err
    assert "Is it running" not in said.err


def test_version_tells_the_client_even_without_a_server(nobody: Shell) -> None:
    assert nobody("--version").out == "wharfinger 0.1.0\n"
    assert nobody("version", "--client").code == 0
    said = nobody("version")
    assert said.code == 4
    assert "client    0.1.0" in said.out


def test_version_tells_the_server(wharf: Shell) -> None:
    told = wharf("version", "-o", "json").json
    assert told["client"] == told["server"] == "0.1.0"
    assert told["protocol"] == "wharfinger.v1"
    assert told["schema"]
    assert told["skew"] is None


@pytest.mark.parametrize(
    ("client", "server", "told"),
    [
        ("0.1.0", "0.1.9", None),
        ("0.1.0", "", None),
        ("0.1.0", "0.2.0", "newer than this client"),
        ("1.0.0", "0.9.0", "may be refused"),
        ("1.0.0", "dev", "the client is 1.0.0 and the server dev"),
    ],
)
def test_skew_is_said(client: str, server: str, told: str | None) -> None:
    from wharfinger.cli.commands.about import skew

    said = skew(client, server)
    assert said is None if told is None else told in str(said)


@pytest.mark.processes
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(nobody: Shell, shell: str) -> None:
    said = nobody("completion", shell)
    assert said.code == 0
    assert "_WHARFINGER_COMPLETE" in said.out


@pytest.mark.processes
def test_commands_and_options_are_completed(nobody: Shell) -> None:
    asked = {"_WHARFINGER_COMPLETE": "bash_complete", "COMP_CWORD": "1", "COMP_WORDS": "wharfinger su"}
    assert nobody.apart(**asked).out.split() == ["plain,submit"]
    asked |= {"COMP_CWORD": "2", "COMP_WORDS": "wharfinger ls --sta"}
    assert nobody.apart(**asked).out.split() == ["plain,--state"]


# ---------------------------------------------------------------- commands of other distributions


def plug_in(folder: Path, point: str, source: str = "") -> dict[str, str]:
    info = folder / "cargo_tools-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cargo-tools\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[console_scripts]\nx = y:z\n\n[wharfinger.commands]\n{point}\n")
    (folder / "cargo_tools.py").write_text(source)
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))}


@pytest.mark.processes
def test_a_command_of_another_distribution_is_listed_and_run(nobody: Shell, tmp_path: Path) -> None:
    source = "import click\n@click.command()\ndef weigh():\n    click.echo('12 tons')\n    raise SystemExit(7)\n"
    where = plug_in(tmp_path, "weigh = cargo_tools:weigh", source)
    assert "weigh       Of cargo-tools." in nobody.apart("--help", **where).out
    said = nobody.apart("weigh", **where)
    assert (said.code, said.out) == (7, "12 tons\n")


@pytest.mark.processes
@pytest.mark.parametrize(
    ("point", "source", "told"),
    [
        ("weigh = cargo_tools:weigh", "raise RuntimeError('no scales')", "does not load: RuntimeError: no scales"),
        ("weigh = cargo_tools:weigh", "weigh = 3", "is no click command"),
    ],
)
def test_a_broken_command_of_another_distribution_says_whose_it_is(
    nobody: Shell, tmp_path: Path, point: str, source: str, told: str
) -> None:
    where = plug_in(tmp_path, point, source)
    said = nobody.apart("weigh", **where)
    assert said.code == 2
    assert told in said.err
    assert "Traceback" not in said.err
    assert nobody.apart("--help", **where).code == 0


@pytest.mark.processes
def test_a_server_that_is_not_installed_is_told_helpfully() -> None:
    code = (
        "import sys\nfrom wharfinger.cli import app, plugins\nplugins.names = lambda: {}\nsys.exit(app.run(['serve']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "install the distribution wharfinger-server" in done.stderr


# ---------------------------------------------------------------- waiting for a server


def test_a_server_that_answers_is_ready(wharf: Shell) -> None:
    assert wharf("wait-ready").out == f"the server at {wharf.server} is ready\n"
    assert wharf("wait-ready", "-o", "json").json["server"] == "0.1.0"


def test_a_server_that_does_not_answer_in_time_is_told_in_two_lines(nobody: Shell) -> None:
    said = nobody("wait-ready", "--timeout", "300ms")
    assert (said.code, said.out) == (4, "")
    assert said.err.startswith("wharfinger: no answer from the server at 127.0.0.1:1: Connection refused (waited 0.3 s")
    assert len(said.err.splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300),
        ("90", 90),
        ("1h30m", 5400),
        ("500ms", 0.5),
        ("2d", 172800),
        ("1.5h", 5400),
        ("0", 0),
        ("1 m 1 s", 61),
    ],
)
def test_a_duration_is_written_as_in_the_settings_or_as_seconds(text: str, seconds: float) -> None:
    from wharfinger.cli.durations import parse

    assert parse(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "x", "5 minutes", "-1", "5m3", "inf", "nan", "1e400", "9999999999d", "m"])
def test_what_is_no_duration_is_told_with_an_example(nobody: Shell, text: str) -> None:
    said = nobody("wait-ready", f"--timeout={text}")
    assert said.code == 2
    assert f"{text!r} is no duration; give a number and its unit (ms, s, m, h or d), such as 5m" in said.err


def test_what_a_broken_script_takes_is_not_said_to_be_anything(capsys: pytest.CaptureFixture[str]) -> None:
    from wharfinger import Script
    from wharfinger.cli.commands.catalogue import show_script
    from wharfinger.cli.options import Asked

    show_script(Asked(), Script("bad.schema", broken_reason="its schema is none"))
    said = capsys.readouterr().out
    assert "its schema is none" in said
    assert "it takes" not in said


def test_a_close_name_is_told_once(wharf: Shell) -> None:
    said = wharf("submit", "harbour.cuont")
    assert said.code == 5
    assert said.err.lower().count("did you mean") == 1


def test_the_script_whose_params_are_wrong_is_named_in_the_advice(wharf: Shell) -> None:
    said = wharf("submit", "harbour.count", "lines:=[]")
    assert "`wharfinger scripts harbour.count` shows what" in said.err


@pytest.mark.parametrize(
    ("word", "told"), [("status", "`wharfinger show TASK`"), ("image.import", "`wharfinger submit image.import`")]
)
def test_what_others_call_it_leads_to_the_command(nobody: Shell, word: str, told: str) -> None:
    said = nobody(word)
    assert said.code == 2
    assert told in said.err


def test_one_task_is_not_asked_about_as_several(wharf: Shell) -> None:
    wharf("submit", "harbour.noop", "--task-id", "one", "--watch")
    said = wharf("delete", "--all", stdin="n\n")
    assert "delete 1 task?" in said.err
