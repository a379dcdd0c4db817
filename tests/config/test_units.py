"""Durations and sizes are read as people write them, and only so."""

import pytest

from wharfinger_prices.settings.units import format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("30d", 2_592_000_000_000),
        ("1h", 3_600_000_000),
        ("500ms", 500_000),
        ("1h30m", 5_400_000_000),
        ("1.5s", 1_500_000),
        ("0s", 0),
    ],
)
def test_a_duration_is_read_with_its_unit(text, microseconds):
    assert parse_duration(text) == microseconds


@pytest.mark.parametrize("text", ["", "30", "d", "1 fortnight", "-1s", "1h and a bit", "1h,2m", "s1"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"), [("1MiB", 2**20), ("64 KiB", 65536), ("4096", 4096), ("1MB", 10**6), ("0.5GiB", 2**29)]
)
def test_a_size_is_read_with_its_unit(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MiB", "1 mib", "-1", "1e6"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match="not a size"):
        parse_size(text)


@pytest.mark.parametrize("value", [0, 1, 999, 1_000, 1_500_000, 3_600_000_000, 86_400_000_000])
def test_a_written_duration_reads_back(value):
    assert parse_duration(format_duration(value)) == value


@pytest.mark.parametrize("value", [0, 1, 1000, 1024, 1536, 2**20, 3 * 2**30])
def test_a_written_size_reads_back(value):
    assert parse_size(format_size(value)) == value
