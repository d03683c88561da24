"""The command line: exit codes, what goes to which stream, bad input, output paths, Ctrl-C."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from api import cli, solving, sources
from api.exit_codes import OUTCOMES, SEVEREST_FIRST, ExitCode, error_document, outcome_of, worst
from models.errors import OfftakeError, TimeLimit
from models.plan import Plan
from models.scenario import Scenario
from optimizer import engine
from scenarios import library
from scenarios.files import MAX_BYTES, parse_scenario
from tests.api.plans import fake_solve, named, synthetic_plan

ROOT = Path(__file__).parents[2]
HEAVY = ("pyomo", "highspy", "pandas", "fastapi", "plotly", "numpy", "scipy", "uvicorn", "sqlalchemy", "alembic", "xlsxwriter", "python_calamine")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder to work in, and a solver that does as the scenario's name says."""
    monkeypatch.setattr(engine, "solve", fake_solve)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def scenario_file(folder: Path, name: str) -> str:
    """A file with a scenario of that name."""
    path = folder / f"{name.replace(' ', '-')}.json"
    path.write_bytes(named(name))
    return str(path)


@contextmanager
def process(*arguments: str, cwd: Path, environment: Mapping[str, str] | None = None, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own, with the stand-in solver, all its streams piped. It doesn't outlive the block."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "PYTHONUNBUFFERED": "1", **(environment or {})}
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    with subprocess.Popen([sys.executable, "-m", "tests.api.fake_offtake", *arguments], cwd=cwd, env=environment, text=True, **streams) as running:
        try:
            yield running
        finally:
            running.kill()


def until_searching(running: subprocess.Popen[str]) -> None:
    """Wait for the stand-in solver to say that its search has begun."""
    assert running.stderr is not None
    for line in running.stderr:
        if "searching" in line:
            return
    raise AssertionError("the search never began")


# --- starting ------------------------------------------------------------------------------------------------------------------------------


def test_help_is_light() -> None:
    """If this fails, every call of the command line, even for its help, loads the optimizer."""
    code = f"import sys\nfrom api.cli import run\nassert run(['--help']) == 0\nfound = set(sys.modules) & {set(HEAVY)!r}\nassert not found, found"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "offtake [OPTIONS] COMMAND" in done.stdout


def test_help_is_quick() -> None:
    """If this fails, `offtake --help` takes half as long again as typer and rich alone, which draw it, even on its best of ten tries."""
    ours, alone = "from api.cli import main; main()", "import typer.rich_utils, rich.console, rich.panel, rich.table"
    ratios = []
    for _ in range(10):
        ratios.append(_processor(ours) / _processor(alone))
        if ratios[-1] <= 1.5:
            return
    raise AssertionError(ratios)


def _processor(code: str) -> float:
    """Seconds of a processor that a new interpreter takes for some code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, cwd=ROOT, check=True, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, nobody can tell which version produced a plan."""
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("offtake 0.")


@pytest.mark.parametrize("verb", ["solve", "batch", "validate", "schema", "example", "template", "convert", "serve", "store"])
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a verb can't explain itself."""
    assert cli.run([verb, "--help"]) == 0
    assert f"offtake {verb}" in capsys.readouterr().out


# --- exit codes ----------------------------------------------------------------------------------------------------------------------------

CODES = {
    "fine": ExitCode.OPTIMAL,
    "doubtful": ExitCode.INVALID,
    "infeasible": ExitCode.INFEASIBLE,
    "slow": ExitCode.LIMIT_WITH_PLAN,
    "time limit": ExitCode.LIMIT_WITHOUT_PLAN,
    "audit": ExitCode.INTERNAL,
    "solver": ExitCode.INTERNAL,
    "memory": ExitCode.INTERNAL,
    "crash": ExitCode.INTERNAL,
}


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_exit_code(name: str, code: ExitCode, fake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a script can't tell how a solve ended."""
    assert cli.run(["solve", scenario_file(fake, name)]) == code
    shown = capsys.readouterr()
    assert bool(shown.out) == (code in (ExitCode.OPTIMAL, ExitCode.LIMIT_WITH_PLAN))
    assert shown.err.startswith("Error: ") == (not shown.out)


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_json_is_one_document(name: str, code: ExitCode, fake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a script that reads standard output as JSON breaks on some outcome."""
    assert cli.run(["solve", scenario_file(fake, name), "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    if code in (ExitCode.OPTIMAL, ExitCode.LIMIT_WITH_PLAN):
        assert Plan.model_validate_json(json.dumps(document)).scenario == name
    else:
        assert document["error"]["exit_code"] == code
        assert document["error"]["message"]


def test_infeasible_names_the_rules(fake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, an infeasible scenario doesn't say which rules are in conflict."""
    cli.run(["solve", scenario_file(fake, "infeasible"), "--json"])
    shown = capsys.readouterr()
    assert [c["path"] for c in json.loads(shown.out)["error"]["conflicts"]] == ["rules[0]", "rules[1]"]
    assert "fill rate at least 99 %" in shown.err


def test_a_fault_of_ours_says_so(fake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, an internal error blames the user or hides where it happened."""
    cli.run(["solve", scenario_file(fake, "crash")])
    shown = capsys.readouterr().err
    assert "our fault" in shown
    assert "ZeroDivisionError" in shown
    assert "Traceback" in shown


@pytest.mark.parametrize("bound", [None, float("-inf"), float("nan"), 12.5])
def test_bound_of_a_time_limit(bound: float | None) -> None:
    """If this fails, a search that proved nothing prints a bound that no JSON reader accepts."""
    said = error_document(TimeLimit(3.0, bound))["error"]
    assert said["bound"] == (12.5 if bound == 12.5 else None)


def test_every_cause_has_an_outcome() -> None:
    """If this fails, an error of `models.errors` would reach the user as an internal error."""
    for cause in (x for x in OfftakeError.__subclasses__() if x.__module__ == OfftakeError.__module__):  # a client raises its own
        assert any(row[0] is cause for row in OUTCOMES), cause
    assert outcome_of(ValueError()).exit_code == ExitCode.INTERNAL
    assert set(SEVEREST_FIRST) == set(ExitCode)
    assert worst([]) == ExitCode.OPTIMAL
    assert worst([0, 5, 3, 4]) == ExitCode.INVALID


def test_exit_codes_are_documented(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, an exit code is missing from the help or the manual."""
    cli.run(["--help"])
    shown, manual = capsys.readouterr().out, (ROOT / "docs" / "command-line.md").read_text()
    for code in ExitCode:
        assert f"{int(code)} " in shown.split("Exit codes:")[1]
        assert f"| {int(code)} |" in manual


@pytest.mark.parametrize(
    "arguments",
    [["solve"], ["solve", "fine.json", "--nonsense"], ["nonsense"], ["solve", "fine.json", "--gap", "many"], ["solve", "fine.json", "--seed", "1.5"]],
)
def test_usage(arguments: list[str], fake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a mistyped command ends with something else than code 2, or breaks a script's JSON."""
    scenario_file(fake, "fine")
    assert cli.run(arguments) == ExitCode.USAGE
    assert "Error" in capsys.readouterr().err
    assert cli.run([*arguments, "--json"]) == ExitCode.USAGE
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "usage"


@pytest.mark.parametrize(
    ("option", "value"), [("--gap", "0.6"), ("--gap", "nan"), ("--time-limit", "0"), ("--time-limit", "1e9"), ("--seed", "-1"), ("--threads", "0")]
)
def test_settings_out_of_range(option: str, value: str, fake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a setting that can't be kept is found out late, or not at all."""
    assert cli.run(["solve", scenario_file(fake, "fine"), option, value]) == ExitCode.USAGE
    assert option in capsys.readouterr().err


def test_settings_reach_the_solver(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, an option of the command line is ignored, or one that wasn't given replaces the scenario's own."""
    seen = []
    monkeypatch.setattr(engine, "solve", lambda scenario, settings, **_: seen.append((scenario, settings)) or synthetic_plan())
    options = ["--gap", "0.01", "--time-limit", "30", "--seed", "7", "--threads", "1", "--no-baselines"]
    assert cli.run(["solve", scenario_file(fake, "fine"), *options]) == 0
    assert cli.run(["solve", scenario_file(fake, "fine")]) == 0
    given = seen[0][1]
    assert (given.gap, given.time_limit_seconds, given.seed, given.threads, given.baselines) == (0.01, 30.0, 7, 1, False)
    assert seen[1][1] == seen[1][0].solve


# --- what is read --------------------------------------------------------------------------------------------------------------------------


def zipped() -> bytes:
    """A ZIP archive, as a workbook would be."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("scenario.json", named("fine"))
    return held.getvalue()


BAD = {
    "not UTF-8": (named("fine").replace(b"fine", b"f\xefne"), "not UTF-8"),
    "NaN": (named("fine").replace(b'"probability": ', b'"probability": NaN, "was": ', 1), "NaN"),
    "infinite": (named("fine").replace(b'"discount_rate": ', b'"discount_rate": Infinity, "was": ', 1), "Infinity"),
    "too large": (b" " * (MAX_BYTES + 1), "MB"),
    "zip": (zipped(), "ZIP"),
    "gzip": (gzip.compress(named("fine")), "gzip"),
    "empty": (b"", "empty"),
    "not JSON": (b"periods: 3", "not JSON"),
    "deep": (b"[" * 100_000, "deep"),
    "two keys": (b'{"name": "a", "name": "b"}', "twice"),
    "unknown field": (named("fine").replace(b'"periods"', b'"perjods"', 1), "perjods"),
}


@pytest.mark.parametrize(("raw", "said"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("verb", ["solve", "validate"])
def test_bad_document(verb: str, raw: bytes, said: str, fake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a document that can't be used gets another code than 3, no clear message, or leaves something behind."""
    (fake / "bad.json").write_bytes(raw)
    before = sorted(fake.iterdir())
    more = ["-o", "plan.json", "--csv", "tables", "--report", "report.html"] if verb == "solve" else []
    assert cli.run([verb, "bad.json", *more]) == ExitCode.INVALID
    shown = capsys.readouterr()
    assert said in (shown.err if verb == "solve" else shown.out)
    assert "Traceback" not in shown.err
    assert sorted(fake.iterdir()) == before
    assert cli.run([verb, "bad.json", "--json"]) == ExitCode.INVALID
    document = json.loads(capsys.readouterr().out)
    error = document["error"] if verb == "solve" else document["files"][0]["error"]
    assert said in str(error["findings"])


@pytest.mark.usefixtures("fake")
@pytest.mark.parametrize(("name", "said"), [("missing.json", "no file"), (".", "folder"), ("quickstar", "quickstart"), ("a\0b", "no file 'a?b'")])
def test_unreadable_file(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a file that can't be read is not said to be so, or gets another code than 2."""
    assert cli.run(["solve", name]) == ExitCode.USAGE
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("fake")
def test_endless_input_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a stream without an end fills the memory."""
    assert cli.run(["solve", "/dev/zero"]) == ExitCode.INVALID
    assert "MB" in capsys.readouterr().err


def test_standard_input(tmp_path: Path) -> None:
    """If this fails, a scenario can't be piped in."""
    with process("solve", "-", "--json", cwd=tmp_path) as running:
        out, err = running.communicate(named("piped").decode(), timeout=60)
    assert json.loads(out)["scenario"] == "piped"
    assert err == ""


@pytest.mark.usefixtures("fake")
def test_bundled_scenario_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a newcomer's first command doesn't work."""
    assert cli.run(["solve", "quickstart", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scenario"] == library.load("quickstart").name


def test_existing_file_goes_before_bundled_scenario(fake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a file of the user's is silently ignored because a bundled scenario has its name."""
    (fake / "quickstart").write_bytes(named("mine"))
    assert cli.run(["solve", "quickstart", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scenario"] == "mine"


# --- what is written -----------------------------------------------------------------------------------------------------------------------


def test_outputs(fake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a plan, report or table that was asked for is not written, or leaves temporary files beside it."""
    assert cli.run(["solve", scenario_file(fake, "fine"), "-o", "plan.json", "--report", "report.html", "--csv", "tables"]) == 0
    assert Plan.model_validate_json((fake / "plan.json").read_bytes()) == synthetic_plan(scenario="fine")
    assert "<html" in (fake / "report.html").read_text().lower()
    assert list((fake / "tables").glob("*.csv"))
    assert sorted(p.name for p in fake.iterdir()) == ["fine.json", "plan.json", "report.html", "tables"]
    shown = capsys.readouterr()
    assert "Wrote the plan" in shown.err
    assert "Wrote" not in shown.out


BAD_OUTPUTS = {
    "missing folder": (["-o", "nowhere/plan.json"], "does not exist"),
    "folder": (["-o", "."], "is a folder"),
    "device": (["-o", "/dev/null"], "not a regular file"),
    "under a file": (["-o", "fine.json/plan.json"], "does not exist"),
    "input": (["-o", "fine.json"], "the input itself"),
    "report over input": (["--report", "./fine.json"], "the input itself"),
    "same file twice": (["-o", "x", "--report", "x"], "same file"),
    "tables over a file": (["--csv", "fine.json"], "is a file"),
    "tables in a missing folder": (["--csv", "nowhere/tables"], "does not exist"),
    "nothing can be written": (["-o", "/proc/plan.json"], "nothing can be written"),
}


@pytest.mark.parametrize(("arguments", "said"), BAD_OUTPUTS.values(), ids=BAD_OUTPUTS.keys())
def test_outputs_are_checked_first(arguments: list[str], said: str, fake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, an hour's solve is lost to a path that could never have been written."""
    scenario_file(fake, "fine")
    monkeypatch.setattr(engine, "solve", lambda *_, **__: pytest.fail("it was solved first"))
    assert cli.run(["solve", "fine.json", *arguments]) == ExitCode.USAGE
    assert said in capsys.readouterr().err
    assert [p.name for p in fake.iterdir()] == ["fine.json"]
    assert (fake / "fine.json").read_bytes() == named("fine")


def test_disk_full_after_solving(fake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a disk that fills up during the solve costs the plan, or the other outputs, or goes unnoticed."""
    from scenarios import files

    whole = files.write_whole

    def full(path: Path, content: bytes | str) -> None:
        if path.parent == fake and path.name == "plan.json":
            raise OSError(28, "No space left on device")
        whole(path, content)

    refuge = fake / "refuge"
    refuge.mkdir()
    monkeypatch.setattr(files, "write_whole", full)
    monkeypatch.setattr(sources.tempfile, "gettempdir", lambda: str(refuge))
    assert cli.run(["solve", scenario_file(fake, "fine"), "-o", "plan.json", "--report", "report.html", "--json"]) == ExitCode.NOT_WRITTEN
    shown = capsys.readouterr()
    assert json.loads(shown.out)["scenario"] == "fine"
    assert "No space left" in shown.err
    assert Plan.model_validate_json((refuge / "plan.json").read_bytes()).scenario == "fine"
    assert (fake / "report.html").exists()


def test_a_fault_in_the_report_keeps_the_plan(fake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a chart that can't be drawn costs the plan."""
    from optimizer import report

    monkeypatch.setattr(report, "html_report", lambda *_: 1 / 0)
    assert cli.run(["solve", scenario_file(fake, "fine"), "-o", "plan.json", "--report", "report.html"]) == ExitCode.INTERNAL
    assert "Key figures" in capsys.readouterr().out
    assert (fake / "plan.json").exists()
    assert not (fake / "report.html").exists()


# --- streams -------------------------------------------------------------------------------------------------------------------------------


def test_quiet_in_a_pipe(tmp_path: Path) -> None:
    """If this fails, progress or colour ends up in a log or in another program's input."""
    with process("solve", scenario_file(tmp_path, "fine"), cwd=tmp_path) as running:
        out, err = running.communicate(timeout=60)
    assert err == ""
    assert "\x1b" not in out
    assert out.index("Sign 'maker-long-term'") < out.index("Key figures")


def test_json_stays_pure_when_libraries_print(tmp_path: Path) -> None:
    """If this fails, a word printed by a native library spoils the JSON on standard output."""
    with process("solve", scenario_file(tmp_path, "noisy"), "--json", cwd=tmp_path) as running:
        out, err = running.communicate(timeout=60)
    assert json.loads(out)["scenario"] == "noisy"
    assert err.count("says hello") == 2


def test_reader_that_leaves(tmp_path: Path) -> None:
    """If this fails, `offtake solve ... | head` ends in a traceback."""
    with process("solve", scenario_file(tmp_path, "fine"), cwd=tmp_path) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == ""
        assert running.wait(timeout=60) == ExitCode.OPTIMAL


@pytest.mark.parametrize("arguments", [["--help"], ["negotiate", "walkaway", "--help"]])
def test_reader_of_help_that_leaves(arguments: list[str], tmp_path: Path) -> None:
    """If this fails, `offtake --help | head` ends in a traceback."""
    with process(*arguments, cwd=tmp_path) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == ""
        assert running.wait(timeout=60) == ExitCode.OPTIMAL


def test_progress_on_a_terminal(tmp_path: Path) -> None:
    """If this fails, whoever waits at a terminal sees neither bound nor gap, or sees them in the result."""
    ours, theirs = os.openpty()
    with process("solve", scenario_file(tmp_path, "search"), "--json", cwd=tmp_path, stderr=theirs) as running:
        os.close(theirs)
        seen = ""
        while "gap 14.3 %" not in seen:
            seen += os.read(ours, 4096).decode()
        assert "bound 600,000,000" in seen
        assert "best 700,000,000" in seen
        running.send_signal(signal.SIGINT)
        drain = threading.Thread(target=_drain, args=(ours,))
        drain.start()
        out, _ = running.communicate(timeout=60)
        drain.join()
        os.close(ours)
        assert json.loads(out)["stop_reason"] == "user"


def _drain(descriptor: int) -> None:
    try:
        while os.read(descriptor, 4096):
            pass
    except OSError:  # the other end of a terminal that is closed
        pass


# --- Ctrl-C --------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_keeps_the_best_plan(number: signal.Signals, tmp_path: Path) -> None:
    """If this fails, Ctrl-C throws away what an hour's search has found."""
    with process("solve", scenario_file(tmp_path, "search"), "--json", "-o", "plan.json", cwd=tmp_path) as running:
        until_searching(running)
        running.send_signal(number)
        out, err = running.communicate(timeout=60)
        assert running.returncode == ExitCode.LIMIT_WITH_PLAN
        assert "Stopping" in err
        assert json.loads(out)["stop_reason"] == "user"
        assert json.loads((tmp_path / "plan.json").read_text()) == json.loads(out)


def test_interrupt_without_a_plan(tmp_path: Path) -> None:
    """If this fails, a search that was stopped before it had a plan ends as something else than interrupted."""
    with process("solve", scenario_file(tmp_path, "search in vain"), "--json", "-o", "plan.json", cwd=tmp_path) as running:
        until_searching(running)
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=60)
        assert running.returncode == ExitCode.INTERRUPTED
        assert json.loads(out)["error"]["kind"] == "interrupted"
        assert not (tmp_path / "plan.json").exists()


def test_second_interrupt_ends_at_once(tmp_path: Path) -> None:
    """If this fails, a solver that doesn't listen can't be ended from the keyboard."""
    with process("solve", scenario_file(tmp_path, "deaf"), "--json", "-o", "plan.json", cwd=tmp_path) as running:
        until_searching(running)
        running.send_signal(signal.SIGINT)
        assert running.stderr is not None
        assert "Stopping" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=60)
        assert running.returncode == ExitCode.INTERRUPTED
        assert json.loads(out)["error"]["kind"] == "interrupted"
        assert [p.name for p in tmp_path.iterdir()] == ["deaf.json"]


def test_interrupt_while_reading(fake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, Ctrl-C before the solve begins shows a traceback or another code."""

    def interrupted(name: str) -> bytes:
        raise KeyboardInterrupt(name)

    monkeypatch.setattr(solving, "read_source", interrupted)
    assert cli.run(["solve", scenario_file(fake, "fine"), "--json"]) == ExitCode.INTERRUPTED
    shown = capsys.readouterr()
    assert json.loads(shown.out)["error"]["kind"] == "interrupted"
    assert shown.err == "Error: Interrupted.\n"


# --- the other verbs -----------------------------------------------------------------------------------------------------------------------


def test_validate_lists_every_finding(fake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, mistakes come to light one by one, or one bad file hides the others."""
    document = json.loads(named("fine"))
    document["sites"][0]["capital"] = True
    document["discount_rate"] = -2
    (fake / "bad.json").write_text(json.dumps(document))
    assert cli.run(["validate", scenario_file(fake, "fine"), "bad.json", "missing.json", "--json"]) == ExitCode.USAGE
    found = json.loads(capsys.readouterr().out)
    assert [row["valid"] for row in found["files"]] == [True, False, False]
    assert {f["path"] for f in found["files"][1]["error"]["findings"]} == {"sites[0].capital", "discount_rate"}
    assert cli.run(["validate", "bad.json"]) == ExitCode.INVALID
    assert "discount_rate: must be more than -1" in capsys.readouterr().out
    assert cli.run(["validate", "fine.json", "quickstart"]) == ExitCode.OPTIMAL


@pytest.mark.parametrize(("name", "model"), [("scenario", Scenario), ("plan", Plan)])
def test_schema(name: str, model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, the schema that editors check against is not the one of the documents."""
    assert cli.run(["schema", name]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["properties"]) == set(model.model_fields)
    assert found["$schema"].startswith("https://json-schema.org/")


def test_example(fake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, the bundled scenarios can't be listed, printed or copied."""
    assert cli.run(["example"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(library.names())
    assert cli.run(["example", "quickstart"]) == 0
    assert parse_scenario(capsys.readouterr().out.encode()) == library.load("quickstart")
    assert cli.run(["example", "quickstart", "-o", "mine.json"]) == 0
    assert (fake / "mine.json").read_bytes() == library.read("quickstart")
    assert cli.run(["example", "nonsense"]) == ExitCode.USAGE


def test_serve_answers_and_ends_with_ctrl_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, the service doesn't start from the command line, or Ctrl-C looks like a failure."""
    monkeypatch.setenv("OFFTAKE_STORE", str(tmp_path / "runs.db"))
    with process("serve", "--port", "0", cwd=tmp_path) as running:
        assert running.stderr is not None
        address = running.stderr.readline().split()[3]
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{address}/healthz", timeout=30) as answer:
            assert answer.status == 200
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=60) == 0
        running.communicate()


def test_serve_on_a_taken_port(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails, a port that is taken shows a traceback instead of what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert cli.run(["serve", "--port", str(taken.getsockname()[1])]) == ExitCode.USAGE
    assert "--port" in capsys.readouterr().err
