"""What the guide to the gateway tells to type works, and prints what it says."""

from pathlib import Path

import pytest
from tests.docs.pages import free_ports, paste

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "browsers.md"


def test_the_guide_to_browsers_and_curl_works(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    paste(GUIDE, tmp_path, {"7481": port}, least=4)
