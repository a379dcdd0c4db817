"""Programs of languages that have no client of ours: code generated from the protos, by Debian's own gRPC."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tools.generate_clients import INCLUDE, PROTOS, ROOT, sources

RECIPES = ROOT / "clients" / "recipes"


def lacking_cpp() -> str:
    """Why C++ can't be built here, in a sentence; empty where it can."""
    found = subprocess.run(["pkg-config", "--exists", "grpc++"], check=False) if shutil.which("pkg-config") else None
    return _lacking("g++", "protoc", "grpc_cpp_plugin") or (
        "" if found and not found.returncode else "grpc++ is not there"
    )


def lacking_ruby() -> str:
    """Why Ruby can't be run here, in a sentence; empty where it can."""
    if lacking := _lacking("ruby", "protoc", "grpc_ruby_plugin"):
        return lacking
    return (
        ""
        if subprocess.run(["ruby", "-e", "require 'grpc'"], check=False).returncode == 0
        else "ruby-grpc is not there"
    )


def build_cpp(folder: Path) -> Path:
    """Return the program, built in `folder`; what is there already and as new as its sources stays."""
    _generate("cpp", folder)
    code = [RECIPES / "cpp" / "watch.cc", *sorted(folder.rglob("*.cc"))]
    objects = [folder / f"{source.stem}.{source.parent.name}.o" for source in code]
    flags = ["-std=c++17", "-O0", "-Wall", f"-I{folder}"]
    old = [(source, made) for source, made in zip(code, objects, strict=True) if not _newer(made, source)]
    for pair in (old[at : at + 2] for at in range(0, len(old), 2)):
        for running in [subprocess.Popen(["g++", *flags, "-c", source, "-o", made]) for source, made in pair]:
            assert running.wait() == 0, "g++ says above what is wrong"
    program = folder / "watch"
    if old or not program.exists():
        libraries = subprocess.run(
            ["pkg-config", "--libs", "grpc++", "protobuf"], capture_output=True, text=True, check=True
        )
        subprocess.run(["g++", "-o", program, *objects, *libraries.stdout.split()], check=True)
    return program


def build_ruby(folder: Path) -> None:
    """Write the generated code into `folder`."""
    _generate("ruby", folder)


def ruby_command(folder: Path) -> tuple[str | Path, ...]:
    """Return the command that runs the program, its generated code in `folder`."""
    return ("ruby", "-I", folder, RECIPES / "ruby" / "watch.rb")


def _generate(language: str, folder: Path) -> None:
    """Write the code of our definitions, and of Google's that they lean on: Debian's packages bring none of those.

    An unchanged file keeps its time.
    """
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    plugin = f"--plugin=protoc-gen-grpc={shutil.which(f'grpc_{language}_plugin')}"
    outputs = [f"--{language}_out={fresh}", f"--grpc_out={fresh}"]
    subprocess.run(
        ["protoc", f"-I{PROTOS}", f"-I{INCLUDE}", *outputs, plugin, *sources(PROTOS), *sources(INCLUDE)], check=True
    )
    for path in fresh.rglob("*"):
        kept = folder / path.relative_to(fresh)
        if path.is_file() and (not kept.exists() or kept.read_bytes() != path.read_bytes()):
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, kept)
    shutil.rmtree(fresh)


def _newer(made: Path, source: Path) -> bool:
    return made.exists() and made.stat().st_mtime >= source.stat().st_mtime


def _lacking(*programs: str) -> str:
    return next((f"{program} is not installed" for program in programs if shutil.which(program) is None), "")
