"""The manual of operation says what there is."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from api import logs
from api.metrics import Metrics
from api.settings import Settings, settings_from

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "operation.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| `OFFTAKE_([A-Z_]+)` \| (?:`([^`]*)`)? ?\|", MANUAL, re.MULTILINE))


def test_every_setting_is_in_the_table_with_its_default() -> None:
    """A setting would be known to those only who read the source, or the manual would promise one that is not there."""
    assert set(ROWS) == {field.name.upper() for field in fields(Settings)} - {"SOLVE"}
    said = settings_from({f"OFFTAKE_{name}": default for name, default in ROWS.items()})
    assert said == Settings()
    blank = {name for name, default in ROWS.items() if default == ""}
    assert blank == {field.name.upper() for field in fields(Settings) if field.default == ""}, "a default that is left out is none"


def test_the_log_s_lines_are_lines_of_the_log() -> None:
    """Someone would write a program for lines that are never written."""
    (block,) = re.findall(r"```json\n(.*?)```", MANUAL, re.DOTALL)
    lines = [json.loads(line) for line in block.splitlines()]
    assert {name for line in lines for name in line} <= {"time", "level", "logger", "event", *logs.FIELDS}
    source = "".join(path.read_text("utf-8") for path in (ROOT / "api").rglob("*.py"))
    table = MANUAL.partition("| event | level")[2].partition("\n\n")[0]
    events = [event for row in table.splitlines()[2:] for event in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert len(events) >= 10
    assert not [event for event in events if f'"{event}"' not in source]


def test_every_metric_is_explained() -> None:
    """A metric would be collected that nobody can read, or an alarm be set on one that is not there."""
    source = (ROOT / "api" / "metrics.py").read_text("utf-8")
    families = {family.name for family in text_string_to_metric_families(generate_latest(Metrics("1").registry).decode())}
    families |= set(re.findall(r'"(offtake_[a-z_]+)"', source)) | {"offtake_oldest_queued_seconds", "offtake_oldest_running_seconds"}
    own = {name for name in families if name.startswith("offtake_")}
    table = MANUAL.partition("| metric | what")[2].partition("\n\n")[0]
    told = {re.sub(r"_total$", "", name) for name in re.findall(r"`(offtake_[a-z_]+)", table)}
    assert told == {re.sub(r"_total$", "", name) for name in own}


def test_the_commands_are_those_that_are_tested() -> None:
    """A reader would start the container without its protection, or make a lock that the tests refuse."""
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    (run,) = re.findall(r"^docker run .*$", MANUAL, re.MULTILINE)
    assert run in dockerfile
    assert ".ci/container secrets secrets" in (ROOT / "compose.yaml").read_text("utf-8")
    (lock,) = re.findall(r"^uv pip compile .*$", MANUAL, re.MULTILINE)
    for option in ("--extra container", "--universal", "--generate-hashes", "--no-header", "--no-annotate"):
        assert option in lock
