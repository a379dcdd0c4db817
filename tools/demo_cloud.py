"""The demo's cloud, which goes down in the middle of a deployment, and the story of what is then known and done."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from tests.servers.cloud import Cloud
from tests.servers.cloud_oracle import Oracle, Refusal, Unanswered

NODES, FATAL = 20, 13
"""How many nodes are asked for, and at which of them the cloud goes down."""
HALF_DONE = 3
"""Exit code of the command line: the task failed half-way."""

PRICES = "provider,sku,unit,currency,amount\nec2_linux,t2.micro,Hours,USD,0.0116\nec2_ebs,gp2,GB-Months,USD,0.10\n"
"""What the cloud asks for its things, in a file of our own format: what is half done then has its price."""

SERVE = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from tools.demo_cloud import quicken; quicken();"
    " from wharfinger_server.commands.serving import serve; serve()"
)
"""What Python is to run for `wharfinger serve` with short windows; its first argument is the repository."""

Run = Callable[..., None]


def quicken() -> None:
    """Shorten the windows of compute.deploy, in the server: the demo's cloud does in no time what others may take."""
    from wharfinger_compute import resources

    for name, kind in resources.RESOURCE_TYPES.items():
        resources.RESOURCE_TYPES[name] = replace(kind, send_window=1.0, call_timeout=2.0, settling=0.5)


class FragileOracle(Oracle):
    """Makes the last of `nodes` without an answer, and then refuses every call until it is mended."""

    def __init__(self) -> None:
        super().__init__()
        self.latency = 0.02
        self._left = 0
        self._down = False

    def break_at(self, nodes: int) -> None:
        """Go down with the making of so many nodes from now."""
        self._left = nodes

    def mend(self) -> None:
        """Answer again."""
        self._down = False

    def around(self, call: str, do: Callable[[], Any]) -> tuple[str, Any]:
        """Do a call, as its parent; or go down, or be down."""
        if self._down:
            raise Refusal(503, "ServiceUnavailable", "the service is down")
        if call == "RunInstances" and self._left:
            self._left -= 1
            if not self._left:
                self._down = True
                do()
                raise Unanswered
        return super().around(call, do)


class Lab:
    """The cloud on loopback, as a profile `lab` of a server."""

    def __init__(self) -> None:
        self.oracle = FragileOracle()
        self._cloud = Cloud(self.oracle)
        self.environment = {"LAB_SECRET": secrets.token_hex(16)}

    def __enter__(self) -> Self:
        self._cloud.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._cloud.__exit__(kind, error, traceback)

    @property
    def settings(self) -> str:
        """The profile, for the server's configuration; its secret comes from the environment."""
        return (
            '[profiles.lab]\nprovider = "ec2"\nkey = "demo"\nsecret = { env = "LAB_SECRET" }\n'
            f'host = "127.0.0.1"\nport = {self._cloud.port}\nsecure = false\n\n'
        )


class Differs(Exception):
    """What exists in the cloud is not what the story says."""


def story(lab: Lab, run: Run, say: Callable[[str], None]) -> None:
    """Tell of 20 nodes of which the 13th fails: once resumed, once rolled back. Raises Differs."""
    oracle = lab.oracle
    what = ["profile=lab", f"count={NODES}", "size=t2.micro", "image=ami-debian", "volumes:=[10]", "concurrency=1"]

    say(f"a deployment of {NODES} nodes, each with a volume; at node {FATAL} the cloud goes down without an answer")
    oracle.break_at(FATAL)
    run("submit", "compute.deploy", "name=web-{n}", *what, "--task-id", "fleet")
    run("wait", "fleet", expect=HALF_DONE)
    run("ledger", "fleet")
    run("ls", "--leftovers")
    exist(oracle, nodes=FATAL, volumes=FATAL - 1)

    say("the cloud is back: resume looks for the uncertain node, uses what exists, and makes the rest")
    oracle.mend()
    run("resume", "fleet")
    run("wait", "fleet")
    exist(oracle, nodes=NODES, volumes=NODES)

    say("the same again, and this time nobody wants it any more: what a rollback would do, and the rollback")
    oracle.break_at(FATAL)
    run("submit", "compute.deploy", "name=db-{n}", *what, "--task-id", "spare")
    run("wait", "spare", expect=HALF_DONE)
    oracle.mend()
    run("rollback", "spare", "--dry-run")
    run("rollback", "spare", "--watch")
    exist(oracle, nodes=NODES, volumes=NODES)


def exist(oracle: Oracle, *, nodes: int, volumes: int) -> None:
    """Ask the cloud itself what exists."""
    found = len(oracle.alive("node")), len(oracle.alive("volume"))
    if found != (nodes, volumes):
        raise Differs(f"the cloud has {found[0]} nodes and {found[1]} volumes, not {nodes} and {volumes}")
    print(f"the cloud itself counts {found[0]} nodes and {found[1]} volumes")
