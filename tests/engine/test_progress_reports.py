"""Whatever a script says of its progress: nobody's reading breaks, and the attempt's end is written as it was."""

from __future__ import annotations

import math

import pytest

from wharfinger.runtime import protocol
from wharfinger.runtime.script_values import progress_of_script
from wharfinger_server.store.tables.codec import progress_body

NOW = 1_800_000_000_000_000
STRANGE = [2**63, 2**70, -1, -(2**63), 12.5, math.inf, math.nan, "12", None, b"1", [1], 10**400]


@pytest.mark.parametrize("number", STRANGE)
def test_a_number_that_progress_cannot_have_is_left_out(number: object) -> None:
    kept = progress_of_script(protocol.Progress("s", number, number, "n", "m", None), NOW)  # type: ignore[arg-type]
    assert (kept.done, kept.total) == (0, None)
    assert progress_body(kept)


@pytest.mark.parametrize("eta", [math.inf, math.nan, -1.0, 1e300, 10**400, 2.0**64, "5"])
def test_a_time_left_that_nobody_can_mean_is_left_out(eta: object) -> None:
    kept = progress_of_script(protocol.Progress("s", 1, 2, "n", "m", eta), NOW)  # type: ignore[arg-type]
    assert (kept.done, kept.total, kept.eta) == (1, 2, None)


def test_text_is_made_fit_to_be_stored_and_sent() -> None:
    kept = progress_of_script(protocol.Progress("s\ud800", 1, 2, 5, "m\0" + "x" * 5000, 1.5), NOW)  # type: ignore[arg-type]
    assert (kept.step, kept.unit, kept.eta) == ("s?", "5", 1_500_000)
    assert len(kept.message) == 1000
    assert "\0" not in kept.message
    assert progress_body(kept)
