"""Generate the blocking client, `wharfinger.blocking`, from the one for asyncio, `wharfinger.aio`.

Both run the coroutines of `wharfinger._core`, which suspend over one transport and never over the other. So what is
awaited in the one is run to its end in the other: `await asking.once(…)` becomes `run(asking.once(…))`, and what the
client awaits of itself (`await self.get(…)`) is a plain call. Generators of the core are read by `iterate`. `make
generate` does it, by the interpreter of `.venv`; what is generated is formatted and checked like all else.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "clients" / "python" / "src" / "wharfinger"
SOURCE, TARGET = PACKAGE / "aio", PACKAGE / "blocking"
RUNNING = "wharfinger._core.connection.blocking"

# Names that differ, as whole words.
NAMES = {
    "AsyncGenerator": "Generator",
    "AsyncTransport": "BlockingTransport",
    "aclosing": "closing",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "wharfinger._core.connection.asynchronous": RUNNING,
    "wharfinger.aio.Client": "wharfinger.Client",
    "wharfinger.aio": "wharfinger.blocking",
}

# What is said otherwise of a client that blocks. Each must be found.
WORDS = {
    "__init__.py": [
        ("The client for asyncio: it suspends where the blocking one waits.", "The client that blocks."),
        ("`blocking/` is generated from here, by `make generate`.", "It is generated from `wharfinger.aio`."),
    ],
    "client.py": [
        ("The client for asyncio: a connection", "The client that blocks: a connection"),
        (
            "for one event loop: that of its first call. It may be made outside of any.",
            "for any number of threads. Nothing is sent before the first call.",
        ),
    ],
    "connected.py": [
        ("What the clients of asyncio have in common", "What the clients that block have in common"),
        ("Watches end with an error.", "Watches in other threads end with an error."),
    ],
    "handle.py": [
        (
            "comes out it asks by another connection, which",
            "comes out it asks by a connection shared with others, which",
        ),
    ],
}


class Edits(ast.NodeVisitor):
    """Collects what is to be changed in a source, as pieces of text in place of others."""

    def __init__(self, source: str) -> None:
        self._lines = source.encode().splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self.pieces: list[tuple[int, int, bytes]] = []
        self.used: set[str] = set()

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """Leave out `async`."""
        self._drop(node, "async ")
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Read a generator of the core that a plain function returns."""
        tells_many = node.returns is not None and ast.unparse(node.returns).startswith("AsyncGenerator")
        for inner in ast.walk(node):
            if tells_many and isinstance(inner, ast.Return) and inner.value is not None and not own(inner.value):
                self._wrap(inner.value, "iterate")
        self.generic_visit(node)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> None:
        """Leave out `async`."""
        self._drop(node, "async ")
        self.generic_visit(node)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> None:
        """Leave out `async`, and read what a generator of the core tells."""
        self._drop(node, "async ")
        if not own(node.iter):
            self._wrap(node.iter, "iterate")
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Add what a generator's type has and an asynchronous one's lacks: what it returns."""
        if isinstance(node.value, ast.Name) and node.value.id == "AsyncGenerator":
            end = self._end(node.slice)
            self.pieces.append((end, end, b", None"))
        self.generic_visit(node)

    def visit_Await(self, node: ast.Await) -> None:
        """Run a coroutine of the core; call what is the client's own."""
        self._drop(node, "await ")
        if not own(node.value):
            self._wrap(node.value, "run")
        self.generic_visit(node)

    def _at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def _end(self, node: ast.expr) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._at(node.end_lineno, node.end_col_offset)

    def _drop(self, node: ast.stmt | ast.expr, text: str) -> None:
        start = self._at(node.lineno, node.col_offset)
        self.pieces.append((start, start + len(text), b""))

    def _wrap(self, node: ast.expr, function: str) -> None:
        start, end = self._at(node.lineno, node.col_offset), self._end(node)
        self.pieces += [(start, start, f"{function}(".encode()), (end, end, b")")]
        self.used.add(function)

    def applied(self) -> str:
        """Return the source with all of them."""
        data = b"".join(self._lines)
        # From the end, so that positions hold; of two at one place the one that was found first stands outside.
        for start, end, text in sorted(self.pieces, key=lambda piece: piece[:2], reverse=True):
            data = data[:start] + text + data[end:]
        return data.decode()


def own(node: ast.expr) -> bool:
    """Whether an expression is the client's own, which blocks: of `self`, but for its transport, or a local name."""
    path = ast.unparse(node.func if isinstance(node, ast.Call) else node)
    return isinstance(node, ast.Name) or (path.startswith("self.") and not path.startswith("self._transport."))


def blocking(name: str, source: str) -> str:
    """Return the blocking twin of a module.

    Raises:
        LookupError: what is to be said otherwise is no longer there.
    """
    edits = Edits(source)
    edits.visit(ast.parse(source))
    text = edits.applied()
    for before, after in NAMES.items():
        text = re.sub(rf"(?<![\w.]){re.escape(before)}(?!\w)", after, text)
    for before, after in WORDS.get(name, ()):
        if before not in text:
            raise LookupError(f"{SOURCE.name}/{name} no longer says {before!r}; correct WORDS")
        text = text.replace(before, after)
    if edits.used:
        imported = f"from {RUNNING} import {', '.join(sorted(edits.used))}\n"
        text = re.sub(r"^(?=from wharfinger)", imported, text, count=1, flags=re.MULTILINE)
    return f"# Generated by tools/generate_blocking.py from {SOURCE.name}/{name}; never edited.\n{text}"


def tidy(name: str, text: str) -> str:
    """Return the text as ruff sorts its imports and formats it."""
    ruff = [sys.executable, "-m", "ruff"]
    file = ["--stdin-filename", str(TARGET / name), "-"]
    for command in (["check", "--quiet", "--fix-only", "--select", "I,F401"], ["format", "--quiet"]):
        done = subprocess.run(  # noqa: S603  the commands stand here
            [*ruff, *command, *file], input=text, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"ruff can't read the blocking twin of {name}:\n{done.stderr}")
        text = done.stdout
    return text


def main() -> None:
    """Write the package, and take out of it what has no source."""
    TARGET.mkdir(exist_ok=True)
    wanted = {path.name: tidy(path.name, blocking(path.name, path.read_text())) for path in sorted(SOURCE.glob("*.py"))}
    for path in TARGET.glob("*.py"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        target = TARGET / name
        if not target.exists() or target.read_text() != text:
            target.write_text(text)


if __name__ == "__main__":
    main()
