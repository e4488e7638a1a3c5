"""The wheel holds everything: installed outside the tree, it migrates, answers and starts like the checkout."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.support.project import ROOT

PROJECT = ("bot", "handlers", "knowledge", "migrations", "pyproject.toml", "README.md", "LICENSE", "NOTICE")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `nuanxin` of an environment that has our wheel, and our dependencies from this one."""
    folder = tmp_path_factory.mktemp("installed")
    (folder / "source").mkdir()
    for name in PROJECT:  # A copy, because a build leaves files in the folder it is made from.
        part = ROOT / name
        (shutil.copytree if part.is_dir() else shutil.copy)(part, folder / "source" / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run(
        [*build, "--no-build-isolation", "-w", str(folder), str(folder / "source")], check=True, capture_output=True
    )
    [wheel] = folder.glob("nuanxin-*.whl")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env/bin/python"
    [site] = (folder / "env/lib").glob("python*/site-packages")
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)], check=True, capture_output=True
    )
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))  # A path of a path file runs no path files.
    return folder / "env/bin/nuanxin"


def _says(installed: Path, folder: Path, *arguments: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("NUANXIN_", "PYTHON"))}
    environment = {**clean, "NUANXIN_VAR": str(folder / "var"), "NUANXIN_SEARCH": "lexical", "PYTHONUTF8": "1"}
    command = [str(installed), *arguments]
    return subprocess.run(command, check=True, cwd=folder, env=environment, capture_output=True, text=True).stdout


@pytest.mark.long
def test_an_installed_wheel_answers_a_question(installed, tmp_path):
    line = json.loads(_says(installed, tmp_path, "ask", "--json", "入职要押金可以吗"))
    assert line["decision"] == "answer"
    assert line["topics"][0] == "deposit-and-id-card"


def test_an_installed_wheel_makes_its_database(installed, tmp_path):
    assert "newest revision" in _says(installed, tmp_path, "migrate")
    assert (tmp_path / "var/nuanxin.db").stat().st_size > 0


def test_an_installed_wheel_has_its_templates_and_static_files(installed, tmp_path):
    script = (
        "import bot, bot.console, bot.channels.web.assets as assets, sys\n"
        "from bot.console.core import layout\n"
        "assert 'site-packages' in bot.__file__, bot.__file__\n"
        "made = layout.load()\n"
        "assert made.static\n"
    )
    environment = {**os.environ, "PYTHONPATH": ""}
    python = installed.with_name("python")
    subprocess.run([python, "-c", script], check=True, cwd=tmp_path, env=environment, capture_output=True)
