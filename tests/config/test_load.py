"""Settings come from the file, the environment and the command line; every mistake is named with its place."""

import dataclasses

import pytest

from wharfinger_server import config

HASH = "ab" * 32


@pytest.fixture
def write(tmp_path):
    def write(text, mode=0o600):
        path = tmp_path / "server.toml"
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


def problems(path, environ=None, **kwargs):
    with pytest.raises(config.ConfigError) as caught:
        config.load(path, environ or {}, **kwargs)
    return list(caught.value.problems)


def test_an_empty_file_gives_the_defaults(write):
    path = write("")
    assert config.load(path, {}) == dataclasses.replace(config.Settings(), source=path)


def test_without_any_file_the_defaults_hold(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config.load(None, {}) == config.Settings()


def test_the_default_file_is_read_when_it_is_there(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "wharfinger").mkdir()
    (tmp_path / "wharfinger" / "server.toml").write_text('[server]\naddress = "127.0.0.1:1"\n')
    assert config.load(None, {}).server.address == "127.0.0.1:1"


def test_a_named_file_that_is_missing_is_an_error(tmp_path):
    assert "there is no such file" in problems(tmp_path / "nowhere.toml")[0]


def test_values_are_read_in_their_units(write):
    settings = config.load(
        write('[limits]\nparams_bytes = "2MiB"\nlease_ttl = "1m"\nwatches = 5\n[retention]\nended = "1d"\n'), {}
    )
    assert (settings.limits.params_bytes, settings.limits.lease_ttl, settings.limits.watches) == (2**21, 60_000_000, 5)
    assert settings.retention.ended == 86_400_000_000


def test_the_environment_goes_over_the_file_and_the_command_line_over_both(write):
    path = write('[server]\naddress = "127.0.0.1:1"\ndefault_executor = "thread"\n[limits]\nwatches = 1\n')
    environ = {"WHARFINGER_SERVER__ADDRESS": "127.0.0.1:2", "WHARFINGER_LIMITS__WATCHES": "7"}
    settings = config.load(path, environ, {("server", "address"): "127.0.0.1:3"})
    assert settings.server.address == "127.0.0.1:3"
    assert settings.server.default_executor == "thread"
    assert settings.limits.watches == 7


def test_variables_of_the_client_are_left_alone(write):
    config.load(
        write(""), {"WHARFINGER_SERVER": "example:7480", "WHARFINGER_PROJECT": "default", "WHARFINGER_TOKEN": "x"}
    )


def test_the_config_variable_names_the_file(write):
    path = write('[server]\ndefault_executor = "thread"\n')
    assert config.load(None, {"WHARFINGER_CONFIG": str(path)}).server.default_executor == "thread"


def test_the_data_folder_has_a_variable_of_its_own(write, tmp_path):
    settings = config.load(write(""), {"WHARFINGER_DATA_DIR": str(tmp_path / "data")})
    assert settings.database_url == f"sqlite:///{tmp_path}/data/wharfinger.db"


def test_tables_of_stores_profiles_executors_and_packages_are_kept(write):
    path = write(
        '[stores.local]\nurl = "file:///x"\n[profiles.p]\nprovider = "ec2"\n'
        "[executors.thread]\nslots = 3\n[image]\nx = [1]\n"
    )
    settings = config.load(
        path, {"WHARFINGER_STORES__S3__URL": "s3://b", "WHARFINGER_IMAGE__Y": '["a"]'}, packages=["image"]
    )
    assert settings.stores == {"local": {"url": "file:///x"}, "s3": {"url": "s3://b"}}
    assert settings.profiles == {"p": {"provider": "ec2"}}
    assert settings.executors == {"thread": {"slots": 3}}
    assert settings.packages == {"image": {"x": [1], "y": ["a"]}}


def test_an_unknown_key_is_named_with_its_line_and_the_nearest(write):
    path = write("[server]\n\n[limits]\nwatchs = 5\n")
    assert problems(path) == [f"{path}:4: limits.watchs is no setting; did you mean watches?"]


def test_an_unknown_section_is_named_with_the_nearest(write):
    path = write("[limts]\nwatches = 5\n")
    assert problems(path, packages=["image"]) == [
        f"{path}:1: limts is no setting and no installed script package; did you mean limits?"
    ]


def test_an_unknown_variable_is_named(write):
    assert problems(write(""), {"WHARFINGER_LIMITS__WATCHS": "5"}) == [
        "WHARFINGER_LIMITS__WATCHS: limits.watchs is no setting; did you mean watches?"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[limits]\nwatches = 0\n", "is too small"),
        ('[limits]\nwatches = "many"\n', "must be a whole number"),
        ("[limits]\nwatches = true\n", "must be a whole number"),
        ("[limits]\nlease_ttl = 30\n", "must be a duration"),
        ('[limits]\nlease_ttl = "30"\n', "not a duration"),
        ('[limits]\nparams_bytes = "1 potato"\n', "not a size"),
        ("[server]\ninsecure = 3\n", "must be true or false"),
        ('[server]\nlog_level = "loud"\n', "must be one of debug, info, warning, error"),
        ('[server]\naddress = "7480"\n', "is not an address"),
        ('[server]\naddress = "127.0.0.1:99999"\n', "is not an address"),
        ("server = 3\n", "must be a table"),
        ("[stores]\nlocal = 3\n", "must be a table"),
        ("[stores.Local]\n", "is no name"),
        ('[tls]\ncert = "x.pem"\n', "needs both cert and key"),
        ("[limits]\npage_size = 2000\n", "must not be above"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(write, text, said):
    path = write(text)
    found = problems(path)
    assert said in found[0]
    assert found[0].startswith(f"{path}:")


def test_every_problem_is_told_at_once(write):
    assert len(problems(write("[limits]\nwatches = 0\npage_size = 0\n[retention]\nended = 3\n"))) == 3


def test_what_is_not_toml_is_told_with_its_line(write):
    assert "at line 2" in problems(write("[server]\naddress = \n"))[0]


def test_a_file_with_tokens_that_others_can_read_is_refused(write):
    text = f'[[tokens]]\nsha256 = "{HASH}"\ncreator = "ci"\nprojects = "*"\n'
    found = problems(write(text, 0o644))
    assert "open to others (mode 644)" in found[0]
    assert HASH not in found[0]
    assert config.load(write(text, 0o600), {}).tokens == (config.Token(HASH, "ci", config.Granted(None)),)


def test_a_file_with_a_profiles_credentials_that_others_can_read_is_refused(write):
    text = '[profiles.p]\nprovider = "ec2"\nsecret = "hunter2"\n'
    found = problems(write(text, 0o640))
    assert found[0].startswith(str(write(text)) + ":3: profiles.p.secret is a credential")
    assert "hunter2" not in found[0]


def test_a_file_without_credentials_may_be_read_by_all(write):
    config.load(write('[stores.local]\nurl = "file:///x"\n', 0o644), {})


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (f'sha256 = "{HASH}"\ncreator = "ci"', "projects must list"),
        (f'sha256 = "{HASH}"\ncreator = "ci"\nprojects = ["No Project"]', "projects must be a list"),
        (f'sha256 = "{HASH}"\nprojects = "*"', "creator must say"),
        ('sha256 = "hunter2"\ncreator = "ci"\nprojects = "*"', "64 hexadecimal digits"),
        (f'sha256 = "{HASH}"\ncreator = "ci"\nprojects = "*"\nproject = "x"', "did you mean projects?"),
    ],
)
def test_a_wrong_token_is_named_without_showing_it(write, table, said):
    found = problems(write(f"[[tokens]]\n{table}\n"))
    assert said.split(" must")[0] in found[0]
    assert "hunter2" not in found[0]


def test_tokens_can_be_set_in_the_environment(write):
    environ = {
        "WHARFINGER_TOKENS__0__SHA256": HASH,
        "WHARFINGER_TOKENS__0__CREATOR": "ci",
        "WHARFINGER_TOKENS__0__PROJECTS": '["default"]',
    }
    assert config.load(write(""), environ).tokens == (config.Token(HASH, "ci", config.Granted(frozenset({"default"}))),)


@pytest.mark.parametrize("address", ["0.0.0.0:7480", "[::]:7480", "192.0.2.1:7480", "example.com:7480"])
def test_an_address_beyond_this_machine_is_refused_without_tls_and_tokens(write, address):
    path = write(f'[server]\naddress = "{address}"\n')
    assert "can be reached from other machines" in problems(path)[0]
    assert config.load(path, {}, {("server", "insecure"): True}).server.address == address


@pytest.mark.parametrize("address", ["127.0.0.1:0", "[::1]:7480", "localhost:7480", "unix:/run/w.sock", "127.8.9.1:7"])
def test_an_address_on_this_machine_needs_neither(write, address):
    assert config.load(write(f'[server]\naddress = "{address}"\n'), {}).server.address == address


def test_an_address_beyond_this_machine_needs_tls_as_well_as_tokens(write, tmp_path):
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("x")
    tokens = f'[[tokens]]\nsha256 = "{HASH}"\ncreator = "ci"\nprojects = "*"\n'
    tls = '[tls]\ncert = "cert.pem"\nkey = "key.pem"\n'
    address = '[server]\naddress = "0.0.0.0:1"\n'
    assert "no TLS" in problems(write(address + tokens))[0]
    assert "no way to know its callers" in problems(write(address + tls))[0]
    assert config.load(write(address + tls + tokens), {}).tls.cert == str(tmp_path / "cert.pem")


def test_a_certificate_that_is_not_there_is_an_error(write):
    assert "can't be read" in problems(write('[tls]\ncert = "gone.pem"\nkey = "gone.pem"\n'))[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[stores.a]\nurl = "file:///x"\nprojects = "No Project"\n', "stores.a.projects must list the projects"),
        ('[profiles.a]\nprovider = "ec2"\nprojects = [1]\n', "profiles.a.projects must list the projects"),
        ('[stores.a]\nurl = "file:///x"\nprefix_by_project = "yes"\n', "prefix_by_project must be true or false"),
        ('[stores.a]\nurl = "glance://"\nprefix_by_project = true\n', "an image service has no folders"),
    ],
)
def test_whom_a_store_or_an_account_is_for_is_checked_at_once(write, text, said):
    assert any(said in problem for problem in problems(write(text)))
