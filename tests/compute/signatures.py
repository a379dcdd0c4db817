"""The signatures of libcloud's drivers, as the documentation reads them; without the documentation's own tools."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_FILE = Path(__file__).resolve().parents[2] / "docs/generators/signatures.py"
_spec = spec_from_file_location("drivers_signatures", _FILE)
assert _spec is not None
assert _spec.loader is not None
_module = module_from_spec(_spec)
_spec.loader.exec_module(_module)

SIGNED: list[str] = _module.SIGNED
create_node_of = _module.create_node_of
