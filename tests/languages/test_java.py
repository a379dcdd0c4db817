"""The Java client from outside: what its README shows, what it outlives, and how it tells what is wrong."""

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from tests.client.test_tls import issued
from tests.languages.conftest import JAVA, ROOT, java_command

# The first build fetches and compiles the libraries.
pytestmark = [pytest.mark.timeout(900), pytest.mark.processes]
EXAMPLE = JAVA / "examples" / "src" / "main" / "java" / "dev" / "wharfinger" / "examples" / "Readme.java"
PROGRAM = "dev.wharfinger.examples.Readme"


def shown() -> str:
    """The README's example: the lines between its two marks."""
    found = re.search(r"    // example\n(.*)    // end\n", EXAMPLE.read_text(), re.DOTALL)
    assert found
    return re.sub(r"^    ", "", found[1], flags=re.MULTILINE)


def test_the_readmes_example_is_the_one_that_is_run_and_is_short():
    assert f"```java\n{shown()}```" in (JAVA / "README.md").read_text()
    assert len(shown().splitlines()) <= 15


def example(java_build: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the README's example, told by its environment where to go."""
    command = java_command(java_build / "examples", PROGRAM)
    given = {**os.environ, **environ}
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=120, check=False)


def test_the_readmes_example_does_what_it_says(java_build, server):
    done = example(java_build, WHARFINGER_SERVER=server.address)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["QUEUED", "RUNNING", "step 0", "step 1", "step 2", "SUCCEEDED", "3 steps"]
    assert done.stderr == ""


def test_a_watch_and_a_result_outlive_a_server_that_is_killed(java_build, serve):
    server = serve()
    params = '{"steps": 40, "pause": 0.1}'
    command = java_command(java_build / "examples", "dev.wharfinger.examples.Watch")
    with subprocess.Popen(
        [*command, server.address, "harbour.count", params], stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout
        told = [program.stdout.readline() for _ in range(12)]
        server.signal(signal.SIGKILL)
        server.wait()
        time.sleep(1)
        serve("--address", server.address)
        told += program.stdout.readlines()
    assert program.returncode == 0, told
    numbers = [int(line.split()[1]) for line in told if line.startswith("event ")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert told[-1].endswith("SUCCEEDED\n")


def test_a_server_that_is_not_there_is_told_soon_and_in_words(java_build):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    began = time.monotonic()
    done = example(java_build, WHARFINGER_SERVER=address)
    assert time.monotonic() - began < 60
    assert f"no answer from the server at {address}: connection refused: nothing listens there" in done.stderr


def test_who_speaks_tls_and_who_does_not_is_told_in_words(java_build, server, serve, tmp_path):
    cert, key = issued(tmp_path, "IP:127.0.0.1")
    secure = serve(environ={"WHARFINGER_TLS__CERT": str(cert), "WHARFINGER_TLS__KEY": str(key)})
    told = example(java_build, WHARFINGER_SERVER=f"http://{secure.address}").stderr
    assert f"it closed the connection; if it speaks TLS it is https://{secure.address}" in told
    told = example(java_build, WHARFINGER_SERVER=f"https://{server.address}").stderr
    assert f"what listens there does not speak TLS; without TLS it is http://{server.address}" in told
    told = example(java_build, WHARFINGER_SERVER=f"https://{secure.address}").stderr
    assert "not signed by an authority that is trusted here; name the authority's certificate by ca" in told
    done = example(java_build, WHARFINGER_SERVER=secure.address, WHARFINGER_CA=str(cert))
    assert done.stdout.splitlines()[-1:] == ["3 steps"], done.stderr


def test_no_pom_names_a_place_that_serves_packages():
    poms = [*JAVA.rglob("pom.xml"), *(ROOT / "clients" / "conformance").rglob("pom.xml")]
    assert len(poms) >= 6
    for pom in poms:
        text = pom.read_text()
        assert not re.search(r"<(repositories|pluginRepositories|distributionManagement|url)>", text), pom
        hosts = set(re.findall(r"https?://([^/\"\s<]+)", text))
        assert hosts <= {"maven.apache.org", "www.w3.org"}, pom  # names of XML's schemas
