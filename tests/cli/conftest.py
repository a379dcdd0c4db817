"""The command line in a process of its own, against a real server."""

import io
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest import mock

import pytest
from tests.servers.serving import Serving

import wharfinger
from wharfinger.cli.app import run


@dataclass(frozen=True)
class Said:
    """How a run of the command line ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def documents(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


class Shell:
    """Runs the command line in a project of its own, in this process or (`apart`) in one of its own."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.project = f"p{uuid.uuid4().hex[:12]}"
        kept = {key: value for key, value in os.environ.items() if not key.startswith("WHARFINGER_")}
        self.environ = {**kept, "WHARFINGER_SERVER": server, "WHARFINGER_PROJECT": self.project, "NO_COLOR": "1"}
        self.command = [sys.executable, "-m", "wharfinger"]

    def __call__(self, *arguments: str, stdin: str = "") -> Said:
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environ, clear=True),
            mock.patch.object(sys, "stdin", io.StringIO(stdin)),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = run(arguments)
        return Said(code, out.getvalue(), err.getvalue())

    def apart(self, *arguments: str, **environ: str) -> Said:
        done = subprocess.run(
            [*self.command, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
            env={**self.environ, **environ},
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, **more: Any) -> subprocess.Popen[str]:
        return subprocess.Popen([*self.command, *arguments], text=True, env=self.environ, **more)

    def client(self) -> wharfinger.Client:
        return wharfinger.Client(self.server, project=self.project)


@pytest.fixture
def wharf(server: Serving) -> Shell:
    return Shell(server.address)


@pytest.fixture
def nobody() -> Callable[..., Said]:
    """Run the command line where no server is."""
    return Shell("127.0.0.1:1")
