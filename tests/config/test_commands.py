"""`wharfinger config`: what is wrong is said with its place, and what is in force without credentials."""

import hashlib
import re
import tomllib

from click.testing import CliRunner

from wharfinger_server.commands.serving import config


def run(*arguments, **environ):
    environ = {"WHARFINGER_CONFIG": None, "XDG_CONFIG_HOME": "/nonexistent", **environ}
    return CliRunner().invoke(config, arguments, env=environ)


def test_check_prints_the_settings_in_force(tmp_path):
    path = tmp_path / "server.toml"
    path.write_text('[limits]\nwatches = 7\n[profiles.p]\nsecret = "hunter2"\n')
    path.chmod(0o600)
    result = run("check", "--config", str(path), WHARFINGER_STORE__URL="postgresql://me:hunter2@host/db")
    assert result.exit_code == 0
    assert str(path) in result.output
    assert "hunter2" not in result.output
    assert tomllib.loads(result.output)["limits"]["watches"] == 7


def test_check_says_what_is_wrong_where_and_exits_with_5(tmp_path):
    path = tmp_path / "server.toml"
    path.write_text('[limits]\nwatchs = 7\n[server]\naddress = "0.0.0.0:1"\n')
    result = run("check", "--config", str(path))
    assert result.exit_code == 5
    assert f"{path}:2: limits.watchs is no setting; did you mean watches?" in result.output
    assert f"{path}:4: server.address is refused" in result.output


def test_check_knows_the_tables_of_installed_script_packages(tmp_path):
    path = tmp_path / "server.toml"
    path.write_text("[nobodys]\nx = 1\n")
    result = run("check", "--config", str(path))
    assert result.exit_code == 5
    assert "nobodys is no setting and no installed script package" in result.output


def test_sample_is_a_file_that_checks(tmp_path):
    path = tmp_path / "server.toml"
    path.write_text(run("sample").output)
    assert run("check", "--config", str(path)).exit_code == 0


def test_token_makes_a_token_and_the_table_that_knows_it():
    result = run("token", "--creator", "ci", "--project", "default")
    assert result.exit_code == 0
    made = re.search(r"^token: (\S+)$", result.output, re.MULTILINE)[1]
    [table] = tomllib.loads(result.stdout)["tokens"]
    assert table == {"sha256": hashlib.sha256(made.encode()).hexdigest(), "creator": "ci", "projects": ["default"]}
