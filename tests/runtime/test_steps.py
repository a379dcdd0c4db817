"""Steps and progress: what is passed on, and the time left."""

from decimal import Decimal

import pytest

from wharfinger.runtime.steps import Step, current
from wharfinger.testing import run


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def told():
    return []


@pytest.fixture
def begin(clock, told):
    owner = object()

    def begin(*arguments, **options):
        begin.owner = owner
        return Step(owner, told.append, *arguments, clock=clock, **options)

    return begin


def test_a_step_is_told_when_it_begins(begin, told):
    begin("copy", total=10, unit="bytes", message="from a", done=2)
    (first,) = told
    assert (first.step, first.done, first.total, first.unit, first.message, first.eta) == (
        "copy", 2, 10, "bytes", "from a", None,
    )  # fmt: skip


def test_small_totals_are_told_at_every_advance(begin, told):
    step = begin("copy", total=3)
    for _ in range(3):
        step.advance()
    assert [one.done for one in told] == [0, 1, 2, 3]


@pytest.mark.lengthy
def test_many_advances_at_once_are_told_by_hundredths(begin, told):
    step = begin("copy", total=1_000_000)
    for _ in range(1_000_000):
        step.advance()
    assert len(told) == 101
    assert told[-1].done == 1_000_000


def test_a_slow_advance_is_told_however_small(begin, told, clock):
    step = begin("copy", total=1_000_000)
    clock.now += 0.06
    step.advance()
    assert told[-1].done == 1


def test_the_last_figure_is_told_when_the_step_ends(begin, told):
    with begin("copy", total=1000) as step:
        step.advance(1)
        assert told[-1].done == 0
    assert told[-1].done == 1


def test_a_new_message_is_told_at_once(begin, told):
    step = begin("copy", total=1000)
    step.advance(1, "the second file")
    assert (told[-1].done, told[-1].message) == (1, "the second file")


def test_a_total_that_becomes_known_is_told_at_once(begin, told):
    step = begin("copy")
    step.progress(total=1000)
    assert told[-1].total == 1000


def test_progress_may_go_back(begin, told):
    step = begin("copy", total=1000)
    step.progress(500)
    step.progress(400)
    assert [one.done for one in told] == [0, 500, 400]


def test_the_time_left_follows_a_steady_rate(begin, told, clock):
    step = begin("copy", total=1000)
    for _ in range(10):
        clock.now += 1
        step.advance(10)
    assert told[-1].eta == pytest.approx(90.0)


def test_the_time_left_follows_a_rate_that_changes(begin, told, clock):
    step = begin("copy", total=10_000)
    for _ in range(10):
        clock.now += 1
        step.advance(100)
    for _ in range(30):
        clock.now += 1
        step.advance(10)
    assert told[-1].eta == pytest.approx((10_000 - 1300) / 10, rel=0.1)


def test_what_an_earlier_attempt_did_does_not_count_for_the_rate(begin, told, clock):
    step = begin("copy", total=1000, done=900)
    clock.now += 1
    step.advance(10)
    assert told[-1].eta == pytest.approx(9.0)


def test_without_a_total_or_a_rate_the_time_left_is_unknown(begin, told, clock):
    step = begin("copy")
    clock.now += 1
    step.advance(10)
    assert told[-1].eta is None
    step = begin("copy", total=5)
    clock.now += 1
    step.progress(message="waiting")
    assert told[-1].eta is None


def test_done_means_no_time_left(begin, told, clock):
    step = begin("copy", total=10)
    clock.now += 1
    step.progress(10)
    assert told[-1].eta == 0


def test_steps_nest(begin):
    with begin("outer"):
        assert current(begin.owner) == "outer"
        with begin("inner"):
            assert current(begin.owner) == "inner"
        assert current(begin.owner) == "outer"
    assert current(begin.owner) == ""


def test_a_step_without_a_block_lasts_until_the_next(load, colour):
    script = load(
        """
        async def main(task):
            task.step("one")
            await task.create("t", "a", lambda intent: "i-1")
            task.step("two")
            await task.create("t", "b", lambda intent: "i-2")
        """,
        colour,
    )
    assert {entry.key: entry.step for entry in run(script).ledger.values()} == {"a": "one", "b": "two"}


def test_steps_side_by_side_mark_their_own_entries(load):
    script = load(
        """
        async def main(task):
            async def one(name):
                with task.step(name):
                    await asyncio.sleep(0.01)
                    await task.create("t", name, lambda intent: "i-" + name)
            await asyncio.gather(one("a"), one("b"))
        """
    )
    assert {entry.key: entry.step for entry in run(script).ledger.values()} == {"a": "a", "b": "b"}


def test_a_call_in_a_thread_knows_its_step(load):
    script = load(
        """
        async def main(task):
            with task.step("copy", total=2) as step:
                await asyncio.to_thread(step.advance)
        """
    )
    assert [one.done for one in run(script).progress] == [0, 1]


def test_texts_of_any_size_are_made_fit(begin, told):
    begin("n" * 1000, message="m\0" + "x" * 5000)
    assert (len(told[0].step), len(told[0].message)) == (200, 1000)
    assert "\0" not in told[0].message


def test_an_advance_that_is_not_passed_on_costs_next_to_nothing():
    import time

    step = Step(object(), [].append, "copy", total=10**9)
    begun = time.perf_counter()
    for _ in range(100_000):
        step.advance()
    # About 0.3 µs each; the limit leaves room for a loaded machine.
    assert time.perf_counter() - begun < 1.0


def test_a_step_that_stands_still_has_no_time_left(begin, told, clock):
    step = begin("grow", total=10)
    for _ in range(3):
        clock.now += 1
        step.advance()
    for n in range(200):
        clock.now += 5
        step.progress(message=f"still at it: {n}")
    assert all(one.eta is None or 0 <= one.eta <= 365 * 86_400 for one in told)
    assert told[-1].eta is None


def test_parts_below_one_are_left_out(begin, told):
    step = begin("copy", total=12.5, done=Decimal("1.9"))
    step.advance(2.75)
    step.progress(total=13.99)
    assert [(one.done, one.total) for one in told] == [(1, 12), (3, 12), (3, 13)]
    assert all(type(one.done) is int and type(one.total) is int for one in told)


@pytest.mark.parametrize("number", [2**63, 2**70, -1, float("inf"), float("-inf"), float("nan"), Decimal("NaN")])
@pytest.mark.parametrize("what", ["total", "done"])
def test_a_number_that_progress_cannot_have_is_refused_by_name(begin, told, what, number):
    with pytest.raises(ValueError, match=f"step 'copy': {what} is"):
        begin("copy", **{what: number})
    step = begin("copy", total=10)
    with pytest.raises(ValueError, match=f"step 'copy': {what} is"):
        step.progress(**{what: number})
    assert (step.done, step.total, len(told)) == (0, 10, 1)


@pytest.mark.parametrize("value", ["12", b"1", None, [1], 1j])
def test_what_is_no_number_is_refused_by_name(begin, value):
    with pytest.raises(TypeError, match="step 'copy': done must be a number"):
        begin("copy", done=value)
    with pytest.raises(TypeError, match="step 'copy': by must be a number"):
        begin("copy").advance(value)


def test_the_unit_is_text_that_can_be_sent(begin, told):
    begin("copy", unit=5)
    begin("copy", unit="\ud800" + "x" * 100)
    assert told[0].unit == "5"
    assert told[1].unit.encode()
    assert len(told[1].unit) == 50
