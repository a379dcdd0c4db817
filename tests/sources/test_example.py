"""The price source of the guide passes the suite for sources, and refuses what is not whole."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from wharfinger_prices.sdk.conformance import PriceSourceConformance, read
from wharfinger_prices.sdk.price_source import MalformedPrices, PriceSource

sys.path.append(str(Path(__file__).parents[2] / "examples" / "tariff" / "src"))

from tariff.source import TariffPrices

SAMPLE = "tariff 1\nonprem berlin m.large 0.12 EUR Hours\nonprem berlin m.huge 0 EUR Hours\nend 2\n"


class TestTariff(PriceSourceConformance):
    def make(self) -> PriceSource:
        return TariffPrices()

    def sample(self, folder: Path) -> Path:
        (folder / "tariff.txt").write_text(SAMPLE)
        return folder / "tariff.txt"

    def larger(self, folder: Path, size: int) -> Path:
        rows = [f"onprem berlin m.{number} 0.12 EUR Hours\n" for number in range(size // 40)]
        (folder / "tariff.txt").write_text(f"tariff 1\n{''.join(rows)}end {len(rows)}\n")
        return folder / "tariff.txt"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SAMPLE.replace("end 2", "end 3"), "line 4: there are 2 fields"),
        (SAMPLE.replace("end 2\n", ""), "line 3: the file is cut off: it must end with 'end 2'"),
        (SAMPLE + "more\n", "line 5: 'more' stands after the end"),
        (SAMPLE.replace("0.12", "-1"), "line 2: the price '-1' is negative"),
    ],
)
def test_what_is_not_whole_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "tariff.txt").write_text(text)
    with pytest.raises(MalformedPrices, match=said.replace("'", ".")):
        read(TariffPrices(), tmp_path / "tariff.txt")
