"""Makes tests/upgrade/databases/COMMIT: the databases that a commit's server leaves, killed in the middle of its work.

    python -m tests.upgrade.make a551b1f

It builds that commit's wheels, installs them with what the commit required, and plays `scene` on a server of each
database. What that server said goes beside the databases.
"""

from __future__ import annotations

import json
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from tests.postgres import Cluster
from tests.rpc.wire import connected
from tests.servers.serving import Serving
from tests.upgrade import dump, earlier, scene

DATABASES = Path(__file__).parent / "databases"
FILES = ("data/prices/catalogs/*", "data/prices/stacks/*", "yard/*")


def main() -> None:
    """Make the databases of the commit that is named on the command line."""
    (commit,) = sys.argv[1:]
    out = DATABASES / commit
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = earlier.install(earlier.tree_of(commit, folder / "tree"), folder)
        said = play(python, folder / "sqlite", {})
        keep(out, "sqlite", said, dump.of_sqlite(folder / "sqlite" / "data" / "wharfinger.db"))
        cluster = Cluster()
        try:
            cluster.start()
            url = cluster.database()
            said = play(python, folder / "postgresql", {"WHARFINGER_STORE__URL": url})
            keep(out, "postgresql", said, dump.of_postgresql(cluster, url))
        finally:
            cluster.stop()


def play(python: Path, folder: Path, environ: dict[str, str]) -> dict[str, Any]:
    """Play the scene on a server in `folder` and kill it; return what it had said, and the files that it left."""
    folder.mkdir()
    scene.write_seal_key(folder / "data")
    environ = {**earlier.environ(python.parents[2] / "packages"), **environ}
    serving = Serving(folder, environ=environ, leash=lambda command: [str(python), *command[1:]])
    try:
        with connected(serving.address) as stubs:
            watch = scene.Watch(stubs)
            scene.Scene(stubs, folder).play()
            said = scene.everything(stubs)
            count = sum(len(events) for name, events in said["events"].items() if f"/{scene.PROJECT}/" in name)
            watch.until(lambda told: len(told) >= count)
            told = watch.end()
            serving.kill()
    finally:
        if serving.process.poll() is None:
            print(serving.log(), file=sys.stderr)
            serving.kill()
    said["watch"] = [
        {"token": token.hex(), "events": [[event["task"], int(event["sequence"])] for event in events]}
        for token, events in told
    ]
    found = sorted(path for pattern in FILES for path in folder.glob(pattern))
    said["files"] = {str(path.relative_to(folder)): path.read_text() for path in found}
    return said


def keep(out: Path, kind: str, said: dict[str, Any], sql: str) -> None:
    """Write down a database, and what its server said of it, a line for each thing."""
    told = sum(len(one["events"]) for one in said["watch"])
    told += sum(len(events) for name, events in said["events"].items() if f"/{scene.PROJECT}/" not in name)
    written = sql.count("INSERT INTO events VALUES")
    if told != written:
        raise SystemExit(f"the server wrote {written} events and told {told}: it was killed too late; once more")
    (out / f"{kind}.sql").write_text(sql)
    parts = [f"{json.dumps(name)}: {_lines(part)}" for name, part in sorted(said.items())]
    (out / f"{kind}.json").write_text("{\n" + ",\n".join(parts) + "\n}\n")


def _lines(part: dict[str, Any] | list[Any]) -> str:
    write = partial(json.dumps, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    if isinstance(part, list):
        return "[\n" + ",\n".join(map(write, part)) + "\n]"
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {write(one)}" for name, one in sorted(part.items())) + "\n}"


if __name__ == "__main__":
    main()
