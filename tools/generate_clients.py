"""Generate the Go, TypeScript, Rust and Java code of the API from `protos/`.

Run by the interpreter of `.venv-gen`, after `tools/generate.py` laid out Google's definitions; `make generate` does it.
A language whose toolchain is not installed keeps the code it has, and that is said. The generators are pinned, with
their hashes: Go's in `tools/go/go.sum`, TypeScript's in `clients/typescript/package-lock.json`; Rust's and Java's are
pinned without hashes, in `tools/rust/Cargo.toml` and `clients/java/pom.xml`.
"""

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
INCLUDE = ROOT / ".venv-gen" / "include"
GO = ROOT / "clients" / "go"
GO_MODULE = "github.com/wharfinger/wharfinger/clients/go"
GO_GENERATORS = ROOT / "tools" / "go"
TYPESCRIPT = ROOT / "clients" / "typescript"
RUST = ROOT / "clients" / "rust"
RUST_GENERATOR = ROOT / "tools" / "rust"
JAVA = ROOT / "clients" / "java"
JAVA_WANTED = "17"
TOOLS = ROOT / ".tools"
BINARIES = TOOLS / "bin"


def install(stamp: Path, pins: list[Path], command: list[str], **environment: str) -> None:
    """Run the command beside its pins, unless the stamp says that just these pins are installed already."""
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in pins)).hexdigest()
    folder = pins[0].parent
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        # Tests that run side by side may all want it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text() == digest:
            return
        stamp.unlink(missing_ok=True)
        done = subprocess.run(  # noqa: S603  the commands stand below
            command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"`{' '.join(command)}` failed in {folder.relative_to(ROOT)}:\n{done.stdout}{done.stderr}")
        stamp.write_text(digest)


def install_packages() -> None:
    """Install the packages of clients/typescript as its lock file names them."""
    install(
        TYPESCRIPT / "node_modules" / ".stamp",
        [TYPESCRIPT / "package-lock.json"],
        ["npm", "ci", "--ignore-scripts"],
    )


def run_protoc(*arguments: str) -> None:
    """Run the compiler over our definitions; leave when it fails."""
    from grpc_tools import protoc  # only the generator's environment has it

    if protoc.main(["protoc", *includes(), *arguments]):
        sys.exit("protoc failed; what is wrong stands above")


def includes() -> list[str]:
    """Where a compiler finds our definitions, Google's, and those that every protobuf library brings."""
    import grpc_tools  # only the generator's environment has it

    well_known = Path(grpc_tools.__file__).parent / "_proto"
    return [f"-I{PROTOS}", f"-I{INCLUDE}", f"-I{well_known}"]


def sources(folder: Path) -> list[str]:
    """The definitions in a folder, as protoc names them, in a stable order."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.proto"))


def publish(new: Path, old: Path) -> None:
    """Make the files below `old` those below `new`, without touching any that is right already."""
    wanted = {path.relative_to(new): path.read_bytes() for path in new.rglob("*") if path.is_file()}
    for path in [path for path in old.rglob("*") if path.is_file()]:
        if path.relative_to(old) not in wanted:
            path.unlink()
    for name, content in wanted.items():
        target = old / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)


def generate_go(output: Path) -> None:
    """Write clients/go/wharfinger: the messages, and the clients and servers of the services."""
    install(
        BINARIES / "go.stamp",
        [GO_GENERATORS / "go.mod", GO_GENERATORS / "go.sum"],
        ["go", "install", "tool"],
        GOBIN=str(BINARIES),
    )
    ours = sources(PROTOS)
    # The definitions are of no language; where each lies in Go's tree is said here.
    places = [f"M{name}={GO_MODULE}/{Path(name).parent.as_posix()};wharfingerv1" for name in ours]
    options = ",".join([f"module={GO_MODULE}", *places])
    plugins = [f"--plugin={name}={BINARIES / name}" for name in ("protoc-gen-go", "protoc-gen-go-grpc")]
    run_protoc(*plugins, f"--go_out={options}:{output}", f"--go-grpc_out={options}:{output}", *ours)
    publish(output / "wharfinger", GO / "wharfinger")


def generate_typescript(output: Path) -> None:
    """Write clients/typescript/src/gen: messages and services, Google's that they lean on, and an index of ours."""
    install_packages()
    ours = sources(PROTOS)
    plugin = TYPESCRIPT / "node_modules" / ".bin" / "protoc-gen-es"
    options = "target=ts,import_extension=js"
    run_protoc(f"--plugin={plugin}", f"--es_out={options}:{output}", *ours, *sources(INCLUDE))
    exports = [f'export * from "./{name.removesuffix(".proto")}_pb.js";' for name in ours]
    index = ["// Generated by tools/generate_clients.py. DO NOT EDIT.", "", *exports, ""]
    (output / "index.ts").write_text("\n".join(index))
    publish(output, TYPESCRIPT / "src" / "gen")


def generate_rust(output: Path) -> None:
    """Write clients/rust/src/gen: messages, services, and what else the crate is told by the descriptors."""
    install(
        RUST_GENERATOR / "target" / "built.stamp",
        [RUST_GENERATOR / "Cargo.toml", RUST_GENERATOR / "src" / "main.rs"],
        ["cargo", "build", "--quiet"],
    )
    descriptors = output / "descriptors"
    # The comments become the crate's documentation.
    kept = ["--include_imports", "--include_source_info", f"--descriptor_set_out={descriptors}"]
    run_protoc(*kept, *sources(PROTOS), "google/rpc/error_details.proto")
    code = output / "gen"
    code.mkdir()
    program = RUST_GENERATOR / "target" / "debug" / "wharfinger-generate"
    subprocess.run([program, descriptors, code], check=True)  # noqa: S603  built above
    publish(code, RUST / "src" / "gen")


def generate_java(output: Path) -> None:
    """Write clients/java/proto: messages and stubs. Maven fetches the compiler: that of grpc_tools knows no Java."""
    pom = JAVA / "pom.xml"
    generators = {
        name: f"{group}:{name}:{pinned(pom, f'{name}.version')}:exe:{java_platform()}"
        for group, name in (("com.google.protobuf", "protoc"), ("io.grpc", "protoc-gen-grpc-java"))
    }
    for name, coordinates in generators.items():
        goal = f"org.apache.maven.plugins:maven-dependency-plugin:{pinned(pom, 'dependency-plugin.version')}:copy"
        install(
            BINARIES / f"{name}.stamp",
            [pom],
            f"mvn -q -B -N {goal} -Dartifact={coordinates} -DoutputDirectory={BINARIES} -Dmdep.stripVersion".split(),
        )
    programs = {name: BINARIES / f"{name}-{java_platform()}.exe" for name in generators}
    for program in programs.values():
        program.chmod(0o755)
    options = [*includes(), f"--plugin=protoc-gen-grpc-java={programs['protoc-gen-grpc-java']}"]
    # @generated=omit: the annotation that tells a generator's version is in no package that Java 17 has.
    outputs = [f"--java_out={output}", f"--grpc-java_out=@generated=omit:{output}"]
    command = [str(programs["protoc"]), *options, *outputs, *sources(PROTOS)]
    subprocess.run(command, check=True)  # noqa: S603  the command stands above
    publish(output, JAVA / "proto" / "src" / "main" / "java")


def pinned(pom: Path, name: str) -> str:
    """The value of a property of a pom."""
    found = re.search(rf"<{re.escape(name)}>([^<]+)</", pom.read_text())
    assert found is not None, f"{pom} has no property {name}"
    return found[1]


def java_platform() -> str:
    """This machine as the names of programs in Maven's repositories have it, such as `linux-x86_64`."""
    system = {"Linux": "linux", "Darwin": "osx", "Windows": "windows"}.get(platform.system(), platform.system().lower())
    machine = platform.machine().lower()
    return f"{system}-{ {'amd64': 'x86_64', 'arm64': 'aarch_64', 'aarch64': 'aarch_64'}.get(machine, machine) }"


def lacking_java() -> str:
    """Why clients/java can't be built here, in a sentence; empty where it can."""
    if shutil.which("mvn") is None:
        return "mvn is not installed"
    return too_old("javac", ["javac", "-version"], JAVA_WANTED)


def lacking_go() -> str:
    """Why clients/go can't be built here, in a sentence; empty where it can."""
    wanted = re.search(r"^go (\S+)$", (GO / "go.mod").read_text(), re.MULTILINE)
    assert wanted is not None
    return too_old("go", ["go", "env", "GOVERSION"], wanted[1])


def lacking_typescript() -> str:
    """Why clients/typescript can't be built here, in a sentence; empty where it can."""
    if shutil.which("npm") is None:
        return "npm is not installed"
    wanted = json.loads((TYPESCRIPT / "package.json").read_text())["engines"]["node"]
    return too_old("node", ["node", "--version"], wanted.removeprefix(">="))


def lacking_rust() -> str:
    """Why clients/rust can't be built here, in a sentence; empty where it can."""
    wanted = re.search(r'^rust-version = "(.+)"$', (RUST / "Cargo.toml").read_text(), re.MULTILINE)
    assert wanted is not None
    return too_old("cargo", ["cargo", "-V"], wanted[1])


def too_old(tool: str, command: list[str], wanted: str) -> str:
    """Say that a program is missing or older than wanted, in a sentence; empty where it will do."""
    if shutil.which(tool) is None:
        return f"{tool} is not installed"
    present = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603  as above
    numbers = [tuple(int(part) for part in re.findall(r"\d+", text)) for text in (present, wanted)]
    return f"{tool} is {present}, and {wanted} or newer is needed" if numbers[0] < numbers[1] else ""


def main() -> None:
    """Generate for each language whose toolchain is here, and say which is not."""
    languages = (
        (GO, lacking_go, generate_go),
        (TYPESCRIPT, lacking_typescript, generate_typescript),
        (RUST, lacking_rust, generate_rust),
        (JAVA, lacking_java, generate_java),
    )
    for folder, lacking, generate in languages:
        if why := lacking():
            print(f"{folder.relative_to(ROOT)} keeps the code it has: {why}")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            generate(Path(scratch))


if __name__ == "__main__":
    main()
