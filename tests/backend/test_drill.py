"""Workers file appeals while replicas and the broker are killed: every case once, every receipt read, nobody stuck."""

import shutil

import pytest

from benchmarks.drill.run import Drill
from tests.conftest import IN_CI
from tests.support import databases

WORKERS, KILLS, SPREAD = 60, 3, 5.0  # seconds over which they come


@pytest.mark.long
async def test_every_appeal_has_its_effect_once_and_every_worker_a_receipt_whatever_is_killed(database_url, tmp_path):
    if shutil.which("redis-server") is None and not IN_CI:
        pytest.skip("redis-server is not installed; docs/operations.md says how")
    replicas = 2 if databases.is_meant() else 1  # SQLite is one process's.
    drill = Drill(database_url, tmp_path, workers=WORKERS, replicas=replicas, kills=KILLS, spread=SPREAD)
    report = await drill.run()
    assert drill.killed == {"broker": 1, "replica": 2}
    assert (report.cases, report.lost, report.doubled) == (WORKERS, 0, 0), report
    assert (report.receipts, report.stuck) == (WORKERS, 0), report
