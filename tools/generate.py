"""Generate the Python code of the API from `protos/`.

Run by the interpreter of `.venv-gen`, which holds the oldest generator we support: generated gRPC code refuses a runtime older than
its generator, so the floor of what users may have installed is set here. `make generate` does it.

With `--include-only` it just lays out Google's definitions, which is all that `buf` needs.
"""

import importlib.util
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
INCLUDE = ROOT / ".venv-gen" / "include"
OUTPUT = ROOT / "clients" / "python" / "src"
GENERATED = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi")
# Only what our files import, directly or not.
GOOGLE = ("api/client.proto", "api/field_behavior.proto", "api/launch_stage.proto", "api/resource.proto", "rpc/status.proto")
GOOGLE += ("rpc/error_details.proto",)


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


def generate() -> int:
    """Write the modules and their stubs beside the client's own code; drop those whose definition is gone."""
    from grpc_tools import protoc  # only the generator's environment has it

    package = OUTPUT / "wharfinger" / "v1"
    package.mkdir(parents=True, exist_ok=True)
    for pattern in GENERATED:
        for old in package.glob(pattern):
            old.unlink()
    well_known = importlib.util.find_spec("grpc_tools")
    assert well_known is not None and well_known.origin is not None
    sources = sorted(path.relative_to(PROTOS).as_posix() for path in PROTOS.rglob("*.proto"))
    services = [name for name in sources if name.endswith("_service.proto")]
    include = [f"-I{PROTOS}", f"-I{INCLUDE}", f"-I{Path(well_known.origin).parent / '_proto'}"]
    messages = protoc.main(["protoc", *include, f"--python_out={OUTPUT}", f"--mypy_out=quiet:{OUTPUT}", *sources])
    # Files without a service would each get an empty module.
    stubs = protoc.main(["protoc", *include, f"--grpc_python_out={OUTPUT}", f"--mypy_grpc_out=quiet:{OUTPUT}", *services])
    return int(messages or stubs)


if __name__ == "__main__":
    lay_out_google()
    if "--include-only" not in sys.argv[1:]:
        sys.exit(generate())
