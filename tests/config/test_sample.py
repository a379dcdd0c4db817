"""The sample is a complete settings file, and what is printed shows no credential."""

import dataclasses
import re
from pathlib import Path

import wharfinger_server
from wharfinger_server import config
from wharfinger_server.config.load import SECTIONS


def test_the_sample_changes_nothing_as_it_is(tmp_path):
    path = tmp_path / "server.toml"
    path.write_text(config.sample())
    assert config.load(path, {}) == dataclasses.replace(config.Settings(), source=path)


def test_the_sample_with_every_key_uncommented_gives_the_defaults(tmp_path):
    path = tmp_path / "server.toml"
    path.write_text(re.sub(r"^# (?=\w+ = |\[)", "", config.sample(), flags=re.MULTILINE))
    path.chmod(0o600)
    settings = config.load(path, {}, packages=["image"])
    assert [getattr(settings, name) for name in SECTIONS] == [getattr(config.Settings(), name) for name in SECTIONS]
    assert settings.tokens[0].creator == "ci"
    assert set(settings.stores) == {"local", "s3"}
    assert settings.packages["image"] == {"allow_sources": ["127.0.0.1:8000"]}


def test_the_sample_names_and_explains_every_key():
    lines = config.sample().splitlines()
    for section in SECTIONS.values():
        for field in dataclasses.fields(section):
            at = next(number for number, line in enumerate(lines) if line.startswith(f"# {field.name} = "))
            assert lines[at - 1].startswith("# ")


def test_effective_settings_hide_every_credential(tmp_path):
    path = tmp_path / "server.toml"
    path.write_text(
        f'[store]\nurl = "postgresql://me:hunter2@host/db"\n'
        f'[[tokens]]\nsha256 = "{"ab" * 32}"\ncreator = "ci"\nprojects = ["a"]\n'
        '[profiles.p]\nprovider = "ec2"\nkey = "hunter2"\nsecret_key = "hunter2"\nnested = { password = "hunter2" }\n'
        '[stores.s]\nurl = "s3://b"\nendpoint = "http://me:hunter2@host"\n'
    )
    path.chmod(0o600)
    text = config.effective(config.load(path, {}))
    assert "hunter2" not in text
    assert "ab" * 32 not in text
    assert 'url = "postgresql://me:(hidden)@host/db"' in text
    assert 'provider = "ec2"' in text


def test_effective_settings_read_back(tmp_path):
    path = tmp_path / "server.toml"
    path.write_text(
        '[limits]\nlease_ttl = "45s"\n[stores.local]\nurl = "file:///x"\n[image]\nallow_sources = ["127.0.0.1:1"]\n'
    )
    settings = config.load(path, {})
    path.write_text(config.effective(settings))
    assert config.load(path, {}) == settings


def test_the_server_reads_every_setting_that_it_offers():
    package = Path(wharfinger_server.__file__).parent
    source = "".join(path.read_text() for path in package.rglob("*.py") if path.parent.name != "config")
    source += (package / "config" / "settings.py").read_text() + (package / "config" / "load.py").read_text()
    offered = [(name, field.name) for name, kind in SECTIONS.items() for field in dataclasses.fields(kind)]
    unread = [key for section, key in offered if not re.search(rf"\b({section}|tls|limits)\.{key}\b", source)]
    assert unread == []
