"""Every source that comes with the server passes the suite for sources."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sources.conftest import put, source
from tests.sources.making import make

from wharfinger_prices.sdk.conformance import PriceSourceConformance
from wharfinger_prices.sdk.price_source import PriceSource

pytestmark = pytest.mark.lengthy


class BuiltIn(PriceSourceConformance):
    """A source by its name, with the sample of the documentation."""

    def make(self) -> PriceSource:
        """Return the source."""
        return source(self.name)

    def sample(self, folder: Path) -> Path:
        """Return a copy of the sample."""
        return put(self.name, folder)

    def larger(self, folder: Path, size: int) -> Path:
        """Return a generated file."""
        return make(self.name, folder, size)


class TestLibcloud(BuiltIn):
    name = "libcloud"
    unknowns = 2


class TestAwsJson(BuiltIn):
    name = "aws_json"


class TestAwsCsv(BuiltIn):
    name = "aws_csv"
    cut_shows = False


class TestAzure(BuiltIn):
    name = "azure"


class TestGcp(BuiltIn):
    name = "gcp"


class TestOpenCost(BuiltIn):
    name = "opencost"
    cut_shows = False


class TestOwnCsv(BuiltIn):
    name = "csv"
    cut_shows = False


class TestOwnJsonl(BuiltIn):
    name = "jsonl"
    cut_shows = False
