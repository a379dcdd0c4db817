"""Pack the API's definition with those of Google's that it leans on: `tools/protos_zip.py FOLDER`."""

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (ROOT / "protos", ROOT / ".venv-gen" / "include")


def main() -> None:
    """Write wharfinger-protos-VERSION.zip into the folder."""
    version = (ROOT / "VERSION").read_text().strip()
    with zipfile.ZipFile(Path(sys.argv[1], f"wharfinger-protos-{version}.zip"), "w", zipfile.ZIP_DEFLATED) as packed:
        for folder in FOLDERS:
            for file in sorted(folder.rglob("*.proto")):
                packed.write(file, file.relative_to(folder))


if __name__ == "__main__":
    main()
