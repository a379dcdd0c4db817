"""A worker's credential opens `Work` and nothing else; nobody else's opens that."""

from __future__ import annotations

from pathlib import Path

import pytest

from wharfinger_server import config
from wharfinger_server.access.callers import ANONYMOUS
from wharfinger_server.access.rules import WORK, Rule, Scope, check, table
from wharfinger_server.domain.errors import PermissionDenied
from wharfinger_server.engine.interface.requests import Caller

WORKER, PERSON = Caller("pier", is_worker=True), Caller("ann", is_worker=False)


@pytest.mark.parametrize("rule", sorted({rule for _, _, rule in table() if rule.scope is not Scope.WORKER}, key=str))
def test_a_worker_s_credential_opens_nothing_else(rule: Rule) -> None:
    with pytest.raises(PermissionDenied, match="opens nothing else"):
        check(rule, WORKER)
    check(rule, PERSON)


def test_only_a_worker_s_credential_attaches_workers() -> None:
    check(WORK, WORKER)
    check(WORK, ANONYMOUS)  # where callers need none
    with pytest.raises(PermissionDenied, match="no worker's"):
        check(WORK, PERSON)


def tokens(tmp_path: Path, role: str) -> tuple[config.Token, ...]:
    file = tmp_path / "wharfinger.toml"
    file.write_text(f'[[tokens]]\nsha256 = "{"0" * 64}"\ncreator = "pier"\nprojects = ["quay"]\n{role}')
    file.chmod(0o600)
    return config.load(file, {}).tokens


def test_the_role_is_in_the_settings(tmp_path: Path) -> None:
    assert [token.granted.role for token in tokens(tmp_path, 'role = "worker"')] == ["worker"]
    assert [token.granted.role for token in tokens(tmp_path, "")] == ["operator"]
    assert [token.granted.role for token in tokens(tmp_path, 'role = "caller"')] == ["operator"]
    with pytest.raises(Exception, match=r"tokens\.0\.role must be one of viewer, operator, admin, worker"):
        tokens(tmp_path, 'role = "wroker"')
