"""Build the page that the gateway shows, from clients/web and clients/typescript, into the server's package.

Run by the interpreter of `.venv-gen`; `make page` and `make generate` do it. Where npm is missing the page stays as it
is, and that is said. What builds it is pinned with its hashes in `clients/web/package-lock.json`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.generate_clients import ROOT, install, install_packages, lacking_typescript, publish

WEB = ROOT / "clients" / "web"
PAGE = ROOT / "server" / "wharfinger_server" / "gateway" / "page_files"


def install_tools() -> None:
    """Install what builds and tests the page, as its lock file names it."""
    install(WEB / "node_modules" / ".stamp", [WEB / "package-lock.json"], ["npm", "ci", "--ignore-scripts"])


def main() -> None:
    """Check the page's types and build it."""
    if lacking := lacking_typescript():
        print(f"the page stays as it is: {lacking}", file=sys.stderr)
        return
    install_packages()
    install_tools()
    with tempfile.TemporaryDirectory() as folder:
        for command in (["npm", "run", "--silent", "check"], ["npm", "run", "--silent", "build", "--", folder]):
            subprocess.run(command, cwd=WEB, check=True)  # noqa: S603  package.json says what they are
        publish(Path(folder), PAGE)


if __name__ == "__main__":
    main()
