"""OpenStack's real image service in a process of its own, which can be killed, installed if need be; no Keystone.

As a program it only installs it: `python -m tests.servers.image_service`.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
HOME = TOOLS / "glance"
HERE = Path(__file__).parent / "glance_api"
REQUIREMENTS = ROOT / "requirements/glance.txt"
START_LIMIT = 60.0

_CONFIG = """
[DEFAULT]
use_stderr = True
enabled_backends = fast:file, cheap:file
node_staging_uri = file://{folder}/staging
worker_self_reference_url = http://127.0.0.1:{port}
[database]
connection = sqlite:///{folder}/glance.sqlite
[glance_store]
default_backend = fast
[fast]
filesystem_store_datadir = {folder}/fast
[cheap]
filesystem_store_datadir = {folder}/cheap
[os_glance_staging_store]
filesystem_store_datadir = {folder}/staging
[os_glance_tasks_store]
filesystem_store_datadir = {folder}/tasks
[paste_deploy]
flavor = fake
config_file = {folder}/etc/glance-api-paste.ini
[oslo_policy]
enforce_scope = False
[oslo_messaging_notifications]
driver = noop
[oslo_concurrency]
lock_path = {folder}/lock
"""


def installed() -> Path:
    """Return the Python of the service's environment, made if it is not there yet, or for other requirements."""
    python, ready = HOME / "bin/python", HOME / ".ready"
    wanted = REQUIREMENTS.read_text()
    if ready.exists() and ready.read_text() == wanted:
        return python
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "glance.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that run side by side may all want it
        if not ready.exists() or ready.read_text() != wanted:
            uv = Path(sys.executable).with_name("uv")
            subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, HOME], check=True)
            environment = {**os.environ, "VIRTUAL_ENV": str(HOME)}
            sync = [uv, "pip", "sync", "--quiet", "--require-hashes", REQUIREMENTS]
            subprocess.run(sync, check=True, env=environment)
            ready.write_text(wanted)
    return python


class ImageService:
    """The service, on a free port of 127.0.0.1; `kill` and `revive` are its outages."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("etc", "fast", "cheap", "staging", "tasks", "lock"):
            (folder / name).mkdir(parents=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        (folder / "etc/glance-api.conf").write_text(_CONFIG.format(folder=folder, port=self.port))
        shutil.copy(HERE / "glance-api-paste.ini", folder / "etc")
        self._environment = {**os.environ, "OS_GLANCE_CONFIG_DIR": str(folder / "etc"), "PYTHONPATH": str(HERE)}
        self.process: subprocess.Popen[bytes] | None = None
        self._make_database()
        self.revive()

    def _make_database(self) -> None:
        """Make an empty database, as a copy of the one that was made for the first service of this environment."""
        mine, first = self._folder / "glance.sqlite", installed().parents[1] / "empty.sqlite"
        if first.exists():
            shutil.copy(first, mine)
            return
        config = self._folder / "etc/glance-api.conf"
        manage = [installed().with_name("glance-manage"), "--config-file", config, "db_sync"]
        with (self._folder / "db_sync.log").open("wb") as log:
            subprocess.run(manage, check=True, stdout=log, stderr=log, env=self._environment)
        copy = first.with_suffix(f".{os.getpid()}")
        shutil.copy(mine, copy)
        copy.rename(first)

    @property
    def endpoint(self) -> str:
        """The service's URL."""
        return f"http://127.0.0.1:{self.port}"

    def revive(self) -> None:
        """Start it, and wait until it answers."""
        if self.process is not None:
            return
        with (self._folder / "service.log").open("ab") as log:
            self.process = subprocess.Popen(
                [installed(), HERE / "serve.py", f"127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
            )
        until = time.monotonic() + START_LIMIT
        while True:
            try:
                urllib.request.urlopen(f"{self.endpoint}/healthcheck", timeout=5).close()
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    self.kill()
                    raise
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """Kill it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def table(self, project: str, **options: Any) -> dict[str, Any]:
        """Return a `[stores.NAME]` table for one of its projects; each sees its own images."""
        return {"url": "glance://", "endpoint": self.endpoint, "token": _token(project), **options}

    def images(self, project: str) -> list[dict[str, Any]]:
        """Return all images of a project, hidden ones too."""
        found: list[dict[str, Any]] = []
        for hidden in ("false", "true"):
            page = self.ask("GET", f"/v2/images?limit=1000&os_hidden={hidden}&owner={project}", project)
            found += json.loads(page)["images"]
        return [one for one in found if one["owner"] == project]

    def put(self, project: str, name: str, data: bytes, **properties: Any) -> str:
        """Make an image as somebody else would; return its id."""
        about = {"name": name, "disk_format": "raw", "container_format": "bare", **properties}
        image: str = json.loads(self.ask("POST", "/v2/images", project, json.dumps(about).encode()))["id"]
        kind = "application/octet-stream"
        self.ask("PUT", f"/v2/images/{image}/file", project, data, kind)
        return image

    def read(self, project: str, image: str) -> bytes:
        """Return an image's bytes."""
        return self.ask("GET", f"/v2/images/{image}/file", project)

    def kept(self) -> int:
        """Return how many files with images' bytes there are in the service's own stores."""
        return sum(1 for store in ("fast", "cheap") for one in (self._folder / store).iterdir() if one.is_file())

    def ask(
        self, verb: str, path: str, project: str, data: bytes | None = None, kind: str = "application/json"
    ) -> bytes:
        """Send a request as an administrator of the project; return the answer's bytes."""
        headers = {"X-Auth-Token": _token(project, "admin,member,reader"), "Content-Type": kind}
        request = urllib.request.Request(self.endpoint + path, data, headers, method=verb)
        with urllib.request.urlopen(request, timeout=60) as answer:
            content: bytes = answer.read()
            return content


def _token(project: str, roles: str = "member,reader") -> str:
    return f"someone:{project}:{roles}"


if __name__ == "__main__":
    try:
        installed()
    except subprocess.CalledProcessError as error:
        sys.exit(str(error))
