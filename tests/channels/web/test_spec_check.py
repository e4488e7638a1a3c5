"""The web chat against the published Bot API specification, aiogram's models and PTB's classes: no probe may fail."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.support import web_driver
from tests.support.web_driver import TOKEN, Clocks, Server

web_database, web_key = web_driver.web_database, web_driver.web_key

# A tool that stands beside the project, not in it.
TOOL = Path(os.environ.get("NUANXIN_SPEC_CHECK", Path(__file__).resolve().parents[4] / "shared/tools/spec_check.py"))


@pytest.mark.skipif(not TOOL.is_file(), reason=f"no {TOOL}: set NUANXIN_SPEC_CHECK to where spec_check.py lies")
async def test_no_probe_of_the_specification_fails(web_database, web_key, tmp_path):
    server = await Server(web_database, tmp_path, key=web_key, clocks=Clocks()).start()
    probe = await asyncio.create_subprocess_exec(
        *(sys.executable, str(TOOL), "--base-url", f"{server.url}/bot", "--token", TOKEN, "--chat-id", "101"),
        *("--inject", f"{server.url}/sim/update"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await probe.communicate()
    await server.stop()
    lines = output.decode().splitlines()

    assert [line for line in lines if line.startswith(("FAIL", "       -", "Traceback"))] == []
    assert lines[-1].endswith(" 0 failed")
    assert probe.returncode == 0
    assert {line.split()[1].rstrip(":") for line in lines if line.startswith("engine")} >= {"spec", "ptb"}
