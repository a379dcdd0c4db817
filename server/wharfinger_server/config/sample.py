"""Writes settings as TOML: a complete sample with every key explained, and the effective ones without credentials."""

from __future__ import annotations

import dataclasses
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from wharfinger_prices.settings.sections import Kind
from wharfinger_prices.settings.units import format_duration, format_size
from wharfinger_server.config.granted import Granted
from wharfinger_server.config.load import SECTIONS
from wharfinger_server.config.secrets import GUARDED, HIDDEN, shown
from wharfinger_server.config.settings import Certificate, Settings, Token

_HEAD = """\
# Settings of the Wharfinger server. Every key stands here with its default; uncomment what you change.
# Each can also be set in the environment, as WHARFINGER_SECTION__KEY: WHARFINGER_SERVER__ADDRESS=127.0.0.1:7480.
# A file that holds tokens or credentials must not be readable by others (chmod 600).
"""


def sample() -> str:
    """Return a complete settings file, all of it commented out, so that it changes nothing as it is."""
    return "\n".join([_HEAD, *_typed_sample(), *_token_sample(), *_named_sample()])


def _typed_sample() -> Iterator[str]:
    for name, kind in SECTIONS.items():
        yield f"# {_first_line(kind)}\n[{name}]"
        for field in dataclasses.fields(kind):
            yield _comment(field.metadata["doc"])
            yield f"# {field.name} = {_literal(field.metadata['written'])}"
        yield ""


def _token_sample() -> Iterator[str]:
    yield f"# {_first_line(Token)}\n# [[tokens]]"
    yield from _fields(Token, {"sha256": f'"{"0" * 64}"', "creator": '"ci"', "expire": "2027-01-31T00:00:00Z"})
    # It needs a [tls] client_ca, and either a subject or a san: none of it can be uncommented by itself.
    examples = {"subject": '"billing"', "san": '"spiffe://ops.example/billing"', "creator": '"billing"'}
    yield f"# {_first_line(Certificate)}\n#   [[certificates]]"
    yield from _fields(Certificate, examples, "#   ")


def _fields(kind: type[Any], examples: Mapping[str, str], mark: str = "# ") -> Iterator[str]:
    names = {"expire": "expires"}
    for field in dataclasses.fields(kind):
        yield _comment(field.metadata["doc"])
        if field.name != "granted":
            yield f"{mark}{names.get(field.name, field.name)} = {examples[field.name]}"
        else:
            yield f'{mark}projects = ["default"]'
            yield f'{_comment(field.metadata["role"])}\n{mark}role = "operator"'
            yield f'{_comment(field.metadata["roles"])}\n{mark}roles = {{ live = "viewer" }}'
    yield ""


def _named_sample() -> Iterator[str]:
    for field in dataclasses.fields(Settings):
        if "example" in field.metadata:
            yield _comment(field.metadata["doc"])
            yield from (f"# {line}".rstrip() for line in field.metadata["example"].splitlines())
            yield ""


def effective(settings: Settings) -> str:
    """Return the settings in force as TOML, with credentials hidden."""
    lines: list[str] = []
    for name, kind in SECTIONS.items():
        section = getattr(settings, name)
        lines.append(f"[{name}]")
        for field in dataclasses.fields(kind):
            value = getattr(section, field.name)
            if field.metadata["kind"] is Kind.DURATION:
                value = format_duration(value)
            elif field.metadata["kind"] is Kind.SIZE:
                value = format_size(value)
            # A path to a key is not the key.
            lines.append(f"{field.name} = {_literal(value if name == 'tls' else shown(field.name, value))}")
        lines.append("")
    lines += _credentials(settings)
    for group in ("stores", "profiles", "executors"):
        for name, table in getattr(settings, group).items():
            lines += [*_table(f"{group}.{name}", table, guarded=group in GUARDED), ""]
    for name, table in settings.packages.items():
        if table:
            lines += [*_table(name, table), ""]
    return "\n".join(lines)


def _credentials(settings: Settings) -> Iterator[str]:
    for token in settings.tokens:
        yield from ("[[tokens]]", f"sha256 = {_literal(HIDDEN)}", f"creator = {_literal(token.creator)}")
        if token.expire:
            yield f"expires = {datetime.fromtimestamp(token.expire / 1_000_000, UTC).isoformat()}"
        yield from (*_opened(token.granted), "")
    for one in settings.certificates:
        name = "subject" if one.subject else "san"
        yield from ("[[certificates]]", f"{name} = {_literal(getattr(one, name))}")
        yield from (f"creator = {_literal(one.creator)}", *_opened(one.granted), "")


def _opened(granted: Granted) -> Iterator[str]:
    return (f"{key} = {_literal(value)}" for key, value in granted.told().items())


def _table(name: str, table: Mapping[str, Any], *, guarded: bool = False) -> list[str]:
    return [f"[{name}]", *(f"{key} = {_literal(shown(key, value, guarded=guarded))}" for key, value in table.items())]


def _first_line(kind: type[Any]) -> str:
    return (kind.__doc__ or "").splitlines()[0]


def _comment(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 116, initial_indent="# ", subsequent_indent="# "))


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f"{_key(key)} = {_literal(inner)}" for key, inner in value.items()) + " }"
            if value
            else "{}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_literal(inner) for inner in value) + "]"
    return json.dumps(str(value), ensure_ascii=False)


def _key(name: str) -> str:
    """Return a key as TOML has it: bare where that can be."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
