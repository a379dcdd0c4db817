"""The TypeScript client: its own tests, what is packed, and the README's example against a real server."""

import json
import os
import re
import shutil
import subprocess

import pytest
from tests.client.test_tls import issued
from tests.gateway.web import gateway_of
from tests.languages.conftest import ROOT, TYPESCRIPT, run

from wharfinger.v1 import task_pb2

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
EXAMPLE = re.compile(r"```js\n(.*?)```", re.DOTALL)
SUBMITTED = re.compile(r'submit\("image\.import", \{.*?\}\)')
CHECKED = ROOT / "clients" / "conformance" / "drivers" / "typescript"


@pytest.fixture
def node(typescript_example):
    """Run a module that may import the built package; return what it printed and how it ended."""

    def running(text: str, **environ: str) -> subprocess.CompletedProcess[str]:
        place = TYPESCRIPT / "dist" / f"test-{os.getpid()}.mjs"
        place.write_text(text)
        own = {name: value for name, value in os.environ.items() if not name.startswith("WHARFINGER_")}
        try:
            return subprocess.run(
                [shutil.which("node") or "node", place],
                env=own | environ,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        finally:
            place.unlink()

    return running


def the_readmes_example() -> str:
    found = EXAMPLE.search((TYPESCRIPT / "README.md").read_text())
    assert found is not None
    return found[1]


WEB = """
import { connect, Refused } from "@wharfinger/client/web";
for (const json of [true, false]) {
  const client = connect({ baseUrl: process.env.GATEWAY, json });
  const task = await client.submit("harbour.count", { steps: 3 });
  const lines = [];
  for await (const event of task.watch()) if (event.kind === "log") lines.push(event.text);
  const result = await task.result();
  const refused = await client.task("projects/default/tasks/none").get().catch((error) => error);
  const reason = refused instanceof Refused ? refused.reason : String(refused);
  console.log(JSON.stringify({ lines: lines.length, result, reason }));
}
"""


def test_the_entry_for_browsers_works_through_the_gateway(node, serve):
    done = node(WEB, GATEWAY=gateway_of(serve("--gateway", "127.0.0.1:0")))
    told = {"lines": 3, "result": {"steps": 3}, "reason": "TASK_NOT_FOUND"}
    assert ([json.loads(line) for line in done.stdout.splitlines()], done.stderr) == ([told, told], "")


def test_the_layers_own_tests_pass(typescript_example):
    assert re.search(r"^# fail 0$", run(["npm", "test"], TYPESCRIPT, timeout=300), re.MULTILINE)


def test_the_readmes_example_is_fifteen_lines_and_runs(node, server):
    example = the_readmes_example()
    assert len(example.splitlines()) <= 16
    counted, times = SUBMITTED.subn('submit("harbour.count", { steps: 3 })', example)
    assert times == 1
    done = node(counted, WHARFINGER_SERVER=server.address)
    assert (done.stdout.splitlines(), done.stderr) == (["step 0", "step 1", "step 2", "{ steps: 3 }"], "")


def test_the_readmes_example_handles_a_task_that_stops_half_way(node, server):
    example = SUBMITTED.sub('submit("harbour.priced", { skus: { a: "x" }, fail: true })', the_readmes_example())
    looked = example.replace("client.close();", "console.log((await task.wait()).state);\nclient.close();")
    done = node(looked, WHARFINGER_SERVER=server.address)
    assert (done.stdout.splitlines(), done.stderr) == (
        ["left over: a i-a", str(int(task_pb2.TASK_STATE_ROLLED_BACK))],
        "",
    )


def test_the_package_has_the_built_layer_and_nothing_else(typescript_example):
    packed = json.loads(run(["npm", "pack", "--dry-run", "--json", "--ignore-scripts"], TYPESCRIPT, timeout=60))
    # npm told a list, and newer ones an object by name.
    found = packed[0] if isinstance(packed, list) else next(iter(packed.values()))
    names = {file["path"] for file in found["files"]}
    exported = json.loads((TYPESCRIPT / "package.json").read_text())["exports"]
    entries = {
        path.removeprefix("./") for entry in exported.values() if isinstance(entry, dict) for path in entry.values()
    }
    assert len(entries) == 8
    assert entries | {"LICENSE", "README.md", "package.json"} <= names
    outside = {name for name in names if not name.startswith("dist/src/")}
    assert outside == {"LICENSE", "README.md", "package.json"}


def test_the_core_imports_nothing_of_node(typescript_example):
    core = [file for file in (TYPESCRIPT / "src").rglob("*.ts") if "node" not in file.relative_to(TYPESCRIPT).parts]
    wanted = re.compile(r'from "(?:node:|@connectrpc/connect-node)')
    assert len(core) > 20
    assert [file.name for file in core if wanted.search(file.read_text())] == []


def test_the_driver_of_the_conformance_suite_fits_the_layers_types(typescript_example):
    run([TYPESCRIPT / "node_modules" / ".bin" / "tsc", "-p", CHECKED], TYPESCRIPT, timeout=120)


def test_a_server_of_tls_and_plain_callers_are_told_of_each_other(node, serve, tmp_path):
    cert, key = issued(tmp_path, "DNS:localhost")
    settings = tmp_path / "server.toml"
    settings.write_text(
        f'[tls]\ncert = "{cert}"\nkey = "{key}"\n[[tokens]]\ncreator = "ci"\nprojects = "*"\n'
        # Of the word "good".
        'sha256 = "770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c"\n'
    )
    settings.chmod(0o600)
    port = serve("--config", str(settings)).port
    asked = [
        {"server": f"http://127.0.0.1:{port}"},
        {"server": f"https://localhost:{port}"},
        {"server": f"https://127.0.0.1:{port}", "ca": str(cert)},
        {"server": f"https://localhost:{port}", "ca": str(cert), "token": "bad"},
        {"server": f"https://localhost:{port}", "ca": str(cert), "token": "good"},
    ]
    done = node(
        f"""
        import {{ connect }} from "@wharfinger/client/node";
        for (const options of {json.dumps(asked)}) {{
          const client = connect({{ ...options, patienceMs: 200 }});
          await client.task("none").get().catch((error) => console.log(`${{error.name}} ${{error.message}}`));
          client.close();
        }}
        """
    )
    plain, authority, name, wrong, right = done.stdout.splitlines()
    assert plain.endswith(f"it was spoken to without TLS; if it speaks TLS it is https://127.0.0.1:{port}")
    assert "not signed by an authority that is trusted here; name the authority's certificate by `ca`" in authority
    assert "its certificate is for another name than 127.0.0.1" in name
    assert wrong.endswith("[UNAUTHENTICATED]")
    assert right == "Refused there is no task projects/default/tasks/none [TASK_NOT_FOUND]"
