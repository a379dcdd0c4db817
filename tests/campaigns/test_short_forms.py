"""The campaigns in short, so that each run of the suite has seen them work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.campaigns import long_queue, page_soak
from tests.campaigns.cuts import watch_through_cuts
from tests.campaigns.kills import campaign
from tests.campaigns.price_kills import campaign as kill_imports
from tests.campaigns.s3_kills import campaign as kill_uploads
from tests.servers import s3
from tests.servers.serving import Serving

pytestmark = pytest.mark.campaign


@pytest.mark.timeout(180)
async def test_nothing_is_lost_or_run_twice_when_the_server_is_killed(tmp_path: Path) -> None:
    findings = await campaign(tmp_path, kills=3, tasks=20, seed=7)
    assert findings.kills == 3
    assert not findings.violations, findings.report()


@pytest.mark.timeout(180)
async def test_a_watcher_cut_off_a_hundred_times_sees_each_event_once_and_in_order(server: Serving) -> None:
    seen, cuts, last = await watch_through_cuts(server.address, cuts=100, seed=3)
    assert cuts == 100
    assert seen == list(range(1, last + 1))


@pytest.mark.timeout(180)
def test_a_task_without_a_key_does_not_feel_a_long_queue_of_one_key(tmp_path: Path) -> None:
    found = long_queue.measure(tmp_path, tasks=3000, idle_seconds=3)
    # Other tests run beside this one, so that single milliseconds say nothing.
    assert max(found.behind, found.after_restart) < 2 * found.empty + 50, found
    assert found.idle < 0.1, found


@pytest.mark.timeout(180)
def test_the_page_keeps_few_rows_and_its_heap_while_many_tasks_tell_much(tmp_path: Path) -> None:
    found = page_soak.look(3, tmp_path, tasks=100, paints=1)
    # Other tests run beside this one, so that the times say nothing.
    assert found.rows <= page_soak.MOST_ROWS
    assert found.heap_last < found.heap_first * 1.25, found


def test_an_import_of_prices_that_is_killed_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    findings = kill_imports(tmp_path, kills=6, seed=3)
    assert findings.kills == 6
    assert not findings.violations, findings.report()


@pytest.mark.timeout(300)
def test_an_upload_to_s3_that_is_killed_leaves_nothing_that_no_ledger_lists(tmp_path: Path) -> None:
    try:
        s3.installed()
    except RuntimeError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    findings = kill_uploads(tmp_path, kills=2, seed=3)
    assert findings.kills == 2
    assert not findings.violations, findings.report()
