"""The sample is a complete settings file, and what is printed shows no credential."""

import dataclasses
import re
import tomllib
from pathlib import Path

import pytest

import wharfinger_prices
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


CREDENTIALS = """
[profiles.p]
provider = "vultr"
region = "eu-west-1"
pwd = "hunter2-1"
something_of_a_driver = "hunter2-2"
pin = 88200221
options = { signature_version = "4", ex_force_auth_url = "https://id.example/v3", auth = "hunter2-3", l = ["hunter2-4"]}
[profiles.q]
key = { command = ["pass", "show", "hunter2-5"] }
secret = { env = "LAB" }
[stores.s]
url = "s3://b"
endpoint = "https://s3.example/?sig=hunter2-6&x=1"
proxy_url = "http://me:hunter2-7@hunter2-8@proxy:3128"
default_headers = { Authorization = "Bearer hunter2-9", "X-Api-Key" = "hunter2-10" }
encryption_key = "hunter2-11"
skip_signature = true
price = { provider = "aws", sku = "x", region = "r" }
[executors.asyncio]
dsn = "hunter2-12"
connection_string = "hunter2-13"
pass = "hunter2-14"
slots = 5
[image]
headers = { Authorization = "hunter2-15", Accept = "image/*" }
"""


def test_what_stands_in_stores_and_profiles_is_hidden_unless_it_is_known_to_be_harmless(tmp_path):
    path = tmp_path / "server.toml"
    path.write_text(CREDENTIALS)
    path.chmod(0o600)
    text = config.effective(config.load(path, {"WHARFINGER_STORE__URL": "postgresql://u@h/db?password=hunter2-0&x=y"}))
    assert "hunter2" not in text
    assert "88200221" not in text
    for told in (
        'url = "postgresql://u@h/db?password=(hidden)&x=y"',
        'region = "eu-west-1"',
        'endpoint = "https://s3.example/?sig=(hidden)&x=1"',
        'proxy_url = "http://me:(hidden)@proxy:3128"',
        'signature_version = "4", ex_force_auth_url = "https://id.example/v3"',
        'secret = { env = "LAB" }',
        "skip_signature = true",
        'price = { provider = "aws", sku = "x", region = "r" }',
        "slots = 5",
        'Accept = "image/*"',
    ):
        assert told in text


def test_every_credential_is_kept_out_of_what_tasks_and_the_log_tell():
    settings = tomllib.loads(CREDENTIALS)
    found = set(config.secret_values({name: settings[name] for name in ("stores", "profiles")}, guarded=True))
    assert {f"hunter2-{n}" for n in (1, 2, 3, 4, 6, 10, 11)} <= found
    assert {"88200221", "Bearer hunter2-9", "hunter2-7@hunter2-8"} <= found
    assert found.isdisjoint({"eu-west-1", "aws", "s3://b", "https://id.example/v3", "pass", "LAB"})
    assert set(config.secret_values(settings["executors"])) == {"hunter2-12", "hunter2-13", "hunter2-14"}


@pytest.mark.parametrize(
    "line",
    [
        '[stores.s]\ndefault_headers = { Authorization = "Bearer x" }',
        '[stores.s]\nencryption_key = "x"',
        '[profiles.p]\npwd = "x"',
        '[profiles.p]\noptions = { unheard_of = ["x"] }',
        '[store]\nurl = "postgresql://u@h/db?password=x"',
        '[executors.asyncio]\ndsn = "x"',
    ],
)
def test_a_file_with_any_credential_is_for_its_owner_alone(tmp_path, line):
    path = tmp_path / "server.toml"
    path.write_text(line)
    path.chmod(0o644)
    with pytest.raises(config.ConfigError, match="is a credential, and the file is open to others"):
        config.load(path, {})
    path.write_text('[stores.s]\nurl = "s3://b"\nregion = "r"\n[profiles.p]\nprovider = "ec2"\nkey = { env = "K" }')
    config.load(path, {})


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
    prices = Path(wharfinger_prices.__file__).parent
    read = [path for path in package.rglob("*.py") if path.parent.name != "config"]
    read += [path for path in prices.rglob("*.py") if path.parent.name != "settings"]
    source = "".join(path.read_text() for path in read)
    source += (prices / "settings" / "price_settings.py").read_text()
    source += (package / "config" / "settings.py").read_text() + (package / "config" / "load.py").read_text()
    offered = [(name, field.name) for name, kind in SECTIONS.items() for field in dataclasses.fields(kind)]
    unread = [key for section, key in offered if not re.search(rf"\b({section}|tls|limits)\.{key}\b", source)]
    assert unread == []
