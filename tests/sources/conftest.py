"""The sources by name, and their samples."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from wharfinger_prices.registry import SOURCES, load_group
from wharfinger_prices.sdk.price_source import PriceSource

pytest.register_assert_rewrite("wharfinger_prices.sdk.conformance")

SAMPLES = {
    "libcloud": "libcloud.json",
    "aws_json": "aws.json",
    "aws_csv": "aws.csv",
    "azure": "azure.jsonl",
    "gcp": "gcp.jsonl",
    "opencost": "opencost.csv",
    "csv": "own.csv",
    "jsonl": "own.jsonl",
}


def source(name: str) -> PriceSource:
    """Return a new source, as an import finds it."""
    made: PriceSource = _installed()[name]()
    return made


@cache
def _installed() -> dict[str, type[PriceSource]]:
    return {found.name: found.target for found in load_group(SOURCES)}


def sample(name: str) -> Path:
    """Return the file that the documentation shows."""
    return Path(__file__).parent / "samples" / SAMPLES[name]


def put(name: str, folder: Path) -> Path:
    """Copy the sample of a format into `folder`."""
    return Path(shutil.copy(sample(name), folder))
