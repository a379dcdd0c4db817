"""A real S3 server in a process of its own, which can be killed: versitygw over a folder, installed if need be.

As a program it only installs it: `python -m tests.servers.s3`.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from tests.servers.go_programs import go_program

PACKAGE = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"
START_LIMIT = 30.0


def installed() -> Path:
    """Return the program, built from its source if it is not there yet. Raises RuntimeError where Go is missing."""
    return go_program("versitygw", PACKAGE)


class S3Server:
    """The server, on a free port of 127.0.0.1, with one bucket in a folder; `kill` and `revive` are its outages."""

    def __init__(self, folder: Path, bucket: str = "images") -> None:
        self.bucket = bucket
        self._folder = folder
        self._access, self._secret = secrets.token_hex(8), secrets.token_hex(16)
        (folder / "data" / bucket).mkdir(parents=True)
        (folder / "facts").mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        known: dict[str, Any] = {"aws_access_key_id": self._access, "aws_secret_access_key": self._secret}
        quick = Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=30)
        self.client = botocore.session.Session().create_client(
            "s3", region_name="us-east-1", endpoint_url=self.endpoint, config=quick, **known
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.revive()

    @property
    def endpoint(self) -> str:
        """The server's URL."""
        return f"http://127.0.0.1:{self.port}"

    def revive(self) -> None:
        """Start it, and wait until it answers."""
        if self.process is not None:
            return
        with (self._folder / "s3.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    installed(),
                    *("--port", f"127.0.0.1:{self.port}", "posix"),
                    # In files: what a file system keeps beside a file has no room for the parts of a large image.
                    *("--sidecar", str(self._folder / "facts"), str(self._folder / "data")),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "ROOT_ACCESS_KEY_ID": self._access, "ROOT_SECRET_ACCESS_KEY": self._secret},
            )
        until = time.monotonic() + START_LIMIT
        while True:
            try:
                self.client.head_bucket(Bucket=self.bucket)
            except (BotoCoreError, ClientError):
                if time.monotonic() > until or self.process.poll() is not None:
                    self.kill()
                    raise
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """Kill it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def table(self, prefix: str = "") -> dict[str, Any]:
        """Return a `[stores.NAME]` table for it."""
        return {
            "url": f"s3://{self.bucket}/{prefix}",
            "endpoint": self.endpoint,
            "region": "us-east-1",
            "access_key_id": self._access,
            "secret_access_key": self._secret,
            "max_retries": 1,
            "retry_timeout": "5s",
        }

    def listed(self) -> list[str]:
        """Return the keys of all objects."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return sorted(one["Key"] for page in pages for one in page.get("Contents", ()))

    def uploads(self) -> list[str]:
        """Return the keys of all multipart uploads that were begun and neither completed nor aborted."""
        return [one["Key"] for one in self.client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", ())]

    def read(self, key: str) -> bytes:
        """Return an object's bytes."""
        content: bytes = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return content


if __name__ == "__main__":
    try:
        installed()
    except (RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))
