"""Generate the Python code of the API from `protos/`.

Run by the interpreter of `.venv-gen`, which holds the oldest generator we support: generated gRPC code refuses a
runtime older than its generator, so the floor of what users may have installed is set here. `make generate` does it.

With `--include-only` it just lays out Google's definitions, which is all that `buf` needs.
"""

import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
INCLUDE = ROOT / ".venv-gen" / "include"
OUTPUT = ROOT / "clients" / "python" / "src"
PACKAGE = "wharfinger/v1"
# Only what our files import, directly or not.
GOOGLE = (
    "api/field_behavior.proto",
    "api/resource.proto",
    "rpc/code.proto",
    "rpc/error_details.proto",
    "rpc/status.proto",
)


def lay_out_google() -> None:
    """Copy Google's definitions to a folder whose path does not depend on the interpreter's version."""
    spec = importlib.util.find_spec("google.api")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("googleapis-common-protos is not installed; run `make setup`")
    google = Path(next(iter(spec.submodule_search_locations))).parent
    shutil.rmtree(INCLUDE, ignore_errors=True)
    for name in GOOGLE:
        target = INCLUDE / "google" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(google / name, target)


def run_protoc(output: Path) -> int:
    """Generate into an empty folder; returns protoc's exit status."""
    from grpc_tools import protoc  # only the generator's environment has it

    sources = sorted(path.relative_to(PROTOS).as_posix() for path in PROTOS.rglob("*.proto"))
    services = [name for name in sources if name.endswith("_service.proto")]
    well_known = Path(protoc.__file__).parent / "_proto"
    common = ["protoc", f"-I{PROTOS}", f"-I{INCLUDE}", f"-I{well_known}"]
    # By path, so that the environment need not be on PATH.
    common += [
        f"--plugin={name}={Path(sys.prefix) / 'bin' / name}" for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc")
    ]
    messages = protoc.main([*common, f"--python_out={output}", f"--mypy_out=quiet:{output}", *sources])
    # Files without a service would each get an empty module.
    stubs = protoc.main([*common, f"--grpc_python_out={output}", f"--mypy_grpc_out=quiet:{output}", *services])
    return int(messages or stubs)


def mend_stubs(new: Path) -> None:
    """Say what the type checker can find: Google's stubs of enumerations have no ValueType."""
    for path in new.glob("*.pyi"):
        path.write_text(path.read_text().replace("_code_pb2.Code.ValueType", "_builtins.int"))


def publish(new: Path, old: Path) -> None:
    """Make the generated files of `old` those of `new`, without touching any that is right already."""
    wanted = {path.name: path.read_bytes() for path in new.iterdir()}
    old.mkdir(parents=True, exist_ok=True)
    for path in old.glob("*_pb2*.py*"):
        if path.name not in wanted:
            path.unlink()
    for name, content in wanted.items():
        target = old / name
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)


def main() -> int:
    """Do what the command line asks for; returns the exit status."""
    lay_out_google()
    if "--include-only" in sys.argv[1:]:
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        status = run_protoc(Path(scratch))
        if status == 0:
            mend_stubs(Path(scratch) / PACKAGE)
            publish(Path(scratch) / PACKAGE, OUTPUT / PACKAGE)
    return status


if __name__ == "__main__":
    sys.exit(main())
