"""What all goals share in one run: the scale, a folder that is thrown away, and the processes that end with it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.leash import leashed
from bench.server import Server

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Session:
    """One run of one goal. `short`: everything once and small, to see that it works; its figures are no figures."""

    folder: Path
    short: bool
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def rounds(self) -> int:
        """How often each subject has its turn."""
        return 1 if self.short else 5

    @property
    def seconds(self) -> float:
        """About how long a turn under load lasts."""
        return 0.7 if self.short else 4.0

    def server(self, name: str, settings: str = "") -> Server:
        """Start a server with a folder and perhaps `settings` (TOML) of its own; it ends with the goal."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        file = folder / "server.toml"
        file.write_text(settings)
        file.chmod(0o600)
        return self.stack.enter_context(Server(folder, {"WHARFINGER_CONFIG": str(file)}))

    def process(
        self, command: Sequence[str | Path], environ: Mapping[str, str] | None = None, stdin: int | None = None
    ) -> subprocess.Popen[str]:
        """Start a process in the repository's root, its output piped; it and its children end with the goal."""
        words = leashed([str(word) for word in command])
        with (self.folder / "processes.log").open("ab") as log:
            started = subprocess.Popen(
                words,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
                env=environ,
                start_new_session=True,
            )
        self.stack.callback(_end, started)
        return started

    def process_with_input(self, module: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a module of this package with this Python and a pipe to its input."""
        return self.process([sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE)

    def module(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a module of this package with this Python."""
        return self.process([sys.executable, "-m", name, *arguments])


def _end(process: subprocess.Popen[str]) -> None:
    """End the process and all that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
