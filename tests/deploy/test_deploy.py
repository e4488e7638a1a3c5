"""What a city installs by: each file is held to the tool that reads it, and to the program it starts."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from bot.settings import Settings
from tests.support.project import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted(each for each in (DEPLOY / "systemd").iterdir())
THEIRS = {"NUANXIN_DOMAIN", "NUANXIN_UPSTREAM"}  # Caddy's environment
MOST_EXPOSED = 1.5  # of systemd-analyze security: 10 is worst


def needs(tool: str):
    """Skips where a tool is not installed; on CI, which installs it, that is a failure."""
    return pytest.mark.skipif(shutil.which(tool) is None and "CI" not in os.environ, reason=f"no {tool} here")


def said(*command: str | Path) -> str:
    """What a tool prints; it has to end well."""
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def metrics_of_the_program() -> set[str]:
    text = (ROOT / "bot/health.py").read_text(encoding="utf-8")
    refused = (ROOT / "bot/doors/refusals.py").read_text(encoding="utf-8")
    return {
        *re.findall(r'"(nuanxin_\w+)"', text),
        *(f"{name}_total" for name in re.findall(r'"(nuanxin_\w+)"', refused)),
    }


@needs("promtool")  # .ci/run installs it
def test_alerts_fire_when_they_should_and_not_before():
    said("promtool", "check", "rules", DEPLOY / "prometheus/alerts.yml")
    said("promtool", "check", "config", "--syntax-only", DEPLOY / "prometheus/prometheus.yml")
    said("promtool", "test", "rules", DEPLOY / "prometheus/alerts_test.yml")


def test_every_alert_is_tried_and_says_where_it_is_written_what_to_do():
    rules = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    tried = (DEPLOY / "prometheus/alerts_test.yml").read_text(encoding="utf-8")
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    for rule in rules:
        assert f"### {rule['alert']}\n" in page
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert tried.count(f"alertname: {rule['alert']}") >= 1


@pytest.mark.parametrize("file", ["prometheus/alerts.yml", "grafana/nuanxin.json"])
def test_only_figures_that_the_program_has_are_asked_for(file):
    text = (DEPLOY / file).read_text(encoding="utf-8")
    asked = set(re.findall(r"\bnuanxin_\w+", text))
    assert asked
    assert asked <= metrics_of_the_program()


def test_the_dashboard_names_a_source_that_is_set_up():
    board = json.loads((DEPLOY / "grafana/nuanxin.json").read_text(encoding="utf-8"))
    [source] = yaml.safe_load((DEPLOY / "grafana/datasource.yaml").read_text(encoding="utf-8"))["datasources"]
    assert {panel["datasource"]["uid"] for panel in board["panels"]} == {source["uid"]}


@needs("systemd-analyze")
def test_units_are_what_systemd_understands_and_may_do_little(tmp_path):
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/nuanxin/bin/nuanxin", sys.executable)
        (tmp_path / unit.name.replace("@.", "@1.")).write_text(text, encoding="utf-8")
    for path in sorted(tmp_path.iterdir()):
        assert path.name not in said("systemd-analyze", "verify", "--man=no", path)
        if path.suffix == ".service":
            level = re.search(
                r"exposure level for \S+: ([\d.]+)", said("systemd-analyze", "security", "--offline=true", path)
            )
            assert float(level[1]) <= MOST_EXPOSED, path.name


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl on this machine")
def test_the_manifests_are_built_by_kustomize():
    made = list(yaml.safe_load_all(said("kubectl", "kustomize", DEPLOY / "kubernetes")))
    kinds = sorted(each["kind"] for each in made)
    assert kinds == [
        "ConfigMap",
        "CronJob",
        "Deployment",
        "Job",
        "PersistentVolumeClaim",
        "PersistentVolumeClaim",
        "PodDisruptionBudget",
        "Service",
    ]


def test_containers_start_what_there_is_and_set_what_there_is():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert compose["services"]["app"]["image"] == f"nuanxin:{version}"
    kustomization = yaml.safe_load((DEPLOY / "kubernetes/kustomization.yaml").read_text(encoding="utf-8"))
    assert kustomization["images"] == [{"name": "nuanxin", "newTag": version}]
    known = {f"NUANXIN_{name.upper()}" for name in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known} | THEIRS
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            named = set(re.findall(r"\bNUANXIN_[A-Z_]+\b", path.read_text(encoding="utf-8")))
            assert named <= known, path


def test_every_secret_of_the_containers_is_a_file_and_no_value_stands_in_the_tree():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    used = {name for service in compose["services"].values() for name in service.get("secrets", [])}
    assert used == set(compose["secrets"])
    settings = compose["services"]["app"]["environment"]
    assert not [name for name in settings if re.search(r"KEY$|TOKEN$|SECRET$|DATABASE_URL$", name)]
