"""The loopback cloud as profiles, and the compute scripts over a ledger in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.servers.cloud import Cloud

from wharfinger.testing import Done, Trial
from wharfinger_compute import deploy, destroy

WHAT = {
    "ec2": {"profile": "ec2", "size": "t2.micro", "image": "ami-debian"},
    "openstack": {"profile": "openstack", "size": "small", "image": "debian-12"},
    "vultr": {"profile": "vultr", "size": "vc2-1c-1gb", "image": "2136", "location": "ewr"},
}


def undone(trial: Trial, done: Done) -> Done:
    """Undo all that the ledger has, wave by wave: what was merely accepted is looked at before its parents go."""
    for _ in done.ledger:
        done = trial.settle(trial.undo(done))
        left = {entry.state for entry in done.ledger.values() if entry.owned}
        if "UNDO_FAILED" in left or "CREATED" not in left:
            break
    return done


@dataclass
class Yard:
    """The cloud and the scripts that work in it."""

    cloud: Cloud

    @property
    def profiles(self) -> dict[str, dict[str, Any]]:
        """The operator's profiles."""
        found = {}
        for name, given in self._accounts():
            own = {key: given[key] for key in ("key", "secret", "host", "port", "secure") if key in given}
            found[name] = {"provider": name, **own, "options": {k: v for k, v in given.items() if k not in own}}
        return found

    def _accounts(self) -> list[tuple[str, dict[str, Any]]]:
        return [("ec2", self.cloud.ec2), ("openstack", self.cloud.openstack), ("vultr", self.cloud.vultr)]

    def deploy(self, provider: str, after: Done | None = None, **asked: Any) -> Done:
        """Run compute.deploy, or run it again."""
        params = {**WHAT[provider], "name": "web-{n}", **asked}
        trial = Trial(deploy, profiles=self.profiles, name="compute.deploy")
        return trial.run(None if after else params, after=after)

    def destroy(self, provider: str, **asked: Any) -> Done:
        """Run compute.destroy."""
        return Trial(destroy, profiles=self.profiles, name="compute.destroy").run({"profile": provider, **asked})

    def settle(self, done: Done, keys: list[str] | None = None) -> Done:
        """Ask `find` for what is uncertain and `exists` for what is being undone, or for `keys`."""
        return Trial(deploy, profiles=self.profiles, name="compute.deploy").settle(done, keys)

    def undo(self, done: Done) -> Done:
        """Undo all that the ledger has, what was made last first."""
        return undone(Trial(deploy, profiles=self.profiles, name="compute.deploy"), done)

    @property
    def exists(self) -> list[str]:
        """The ids of all that exists."""
        return self.cloud.oracle.everything()


@pytest.fixture
def yard() -> Iterator[Yard]:
    with Cloud() as running:
        yield Yard(running)
