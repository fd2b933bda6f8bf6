"""``packaging/test``: style, types, layers and tests, on every Python that is here; one summary, an honest exit code.

``--long`` runs the same proofs at full size and writes ``docs/proof/<date>.md``; ``--one-python`` leaves the second
Python out. Everything else is passed to pytest.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
import signal
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from environment import find_other_python, make_environment, say, version_of

#: The whole suite runs on this Python too, where there is one.
SECOND_PYTHON_MINOR = 13
#: Not run on the second Python, but in the long tier: minutes of kills, faults, waits, timings, other programs and other
#: servers, about systems more than Pythons, and the reading of our own text. What was tried on them is tried on This
#: computer too, and workers that are killed, jobs that are paused and go on are in many other files.
ONCE = [
    "--ignore=tests/storms",
    "--ignore=tests/benchmarks",
    "--ignore=tests/foreign",
    "--ignore=tests/architecture/test_style.py",
    "--ignore=tests/catalog/test_watch_keeper.py",
    "--ignore=tests/storage/s3/test_probe.py",
    "--ignore=tests/transfers/test_changed_bytes.py",
    "--ignore=tests/transfers/test_copies_going_on.py",
    "--ignore=tests/transfers/test_copies_in_trouble.py",
    "--ignore=tests/transfers/test_going_on.py",
    "--ignore=tests/transfers/test_left_behind.py",
    "--ignore=tests/transfers/test_patience.py",
    "--ignore=tests/transfers/test_removed_later.py",
    "--ignore=tests/transfers/test_store_in_trouble.py",
    "--ignore=tests/transfers/test_waiting_for_credentials.py",
    "-m",
    "not ceph",
    "-k",
    "not moto and not ceph",
]
#: One run of the suite takes up to 15 minutes on 2 cores; past this it hangs.
LIMIT_S = 35 * 60.0
#: processes of the suite: more than cores, since servers and worker processes are often waited for
WORKERS = "3"
LONG_LIMIT_S = 6 * 3600.0
STOP_S = 30.0


@dataclass
class Result:
    """One step's outcome. ``tests``: name, seconds and outcome of each test of a pytest run."""

    name: str
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)
    tests: list[tuple[str, float, str]] = field(default_factory=list)
    properties: list[str] = field(default_factory=list)

    def line(self) -> str:
        counts = f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"
        return f"{self.name:<34} {counts:<40} {self.seconds:6.1f} s"


def run(root: Path, python: Path, arguments: list[str]) -> int:
    """Run everything and return the exit code."""
    began = time.monotonic()
    long, one_python = "--long" in arguments, "--one-python" in arguments
    arguments = [word for word in arguments if word != "--one-python"]
    with ThreadPoolExecutor(1) as beside:  # the second environment is made while the first is at work
        making = None if one_python else beside.submit(second_python, root)
        results = [check(root, python, name, words) for name, words in static_checks(python)]
        results.append(pytest(root, python, arguments))
        other = making.result() if making else None
    if other:
        results.append(pytest(root, other, arguments if arguments else ONCE))
    report(results, time.monotonic() - began)
    if long:
        write_proof(root, arguments, results)
    return 1 if any(result.failed for result in results) else 0


def static_checks(python: Path) -> list[tuple[str, list[str]]]:
    """Name and command of what needs no running program."""
    module = [str(python), "-P", "-m"]
    return [
        ("ruff check", [*module, "ruff", "check", "--quiet", "."]),
        ("ruff format", [*module, "ruff", "format", "--check", "--quiet", "."]),
        ("mypy", [*module, "mypy"]),
        ("import-linter", [str(python.with_name("lint-imports"))]),
    ]


def check(root: Path, python: Path, name: str, command: list[str]) -> Result:
    say(f"== {name}")
    began = time.monotonic()
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        say(done.stdout)
    failed = int(done.returncode != 0)
    return Result(name, time.monotonic() - began, 1 - failed, failed, failures=[name] * failed)


def second_python(root: Path) -> Path | None:
    """The environment of a second Python, if there is one; None is said in the summary by its absence."""
    base = find_other_python(SECOND_PYTHON_MINOR)
    if base is None:
        say(f"No Python 3.{SECOND_PYTHON_MINOR} here: tested on one Python only.")
        return None
    return make_environment("test", base, root / f".venv-3.{SECOND_PYTHON_MINOR}")


def pytest(root: Path, python: Path, arguments: list[str]) -> Result:
    """One run of the suite on a few processes."""
    found = version_of(python)
    name = "pytest on Python " + ".".join(map(str, found[0] if found else ()))
    say(f"== {name}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="abt-report-") as folder:
        xml = Path(folder) / "results.xml"
        command = [str(python), "-P", "-m", "pytest", "-q", "-n", WORKERS, "--dist", "loadfile", f"--junitxml={xml}"]
        # by itself it would keep files with few tests, which take longest, for the end
        command += ["--no-loadscope-reorder"]
        command += ["-o", "junit_family=xunit1"]  # the one with properties: what the storms tell
        limit_s = LIMIT_S
        if "--long" in arguments:
            command += ["--timeout", "7200", "-o", "faulthandler_timeout=3600"]
            limit_s = LONG_LIMIT_S
        code = call_within(limit_s, [*command, *arguments], cwd=root, env=environment(root))
        result = read_results(name, xml)
    result.seconds = time.monotonic() - began
    if code is None:
        result.failed += 1
        result.failures.append(f"{name} did not end within {limit_s / 60:.0f} minutes and was stopped")
    elif code and not result.failed:  # a crash, a usage error, or no test at all
        result.failed, result.failures = 1, [f"{name} ended with {code}"]
    return result


def call_within(limit_s: float, command: list[str], *, cwd: Path, env: dict[str, str]) -> int | None:
    """Run a command to its end and return its exit code; None if it took too long and was stopped, children too.

    A test's own time limit is Python's to keep, and a process that crashed or hangs in C may keep nothing.
    """
    own_group: dict[str, bool] = {"start_new_session": True} if os.name == "posix" else {}
    with subprocess.Popen(command, cwd=cwd, env=env, **own_group) as process:  # type: ignore[call-overload]
        try:
            return int(process.wait(limit_s))
        except subprocess.TimeoutExpired:
            return None
        except KeyboardInterrupt:  # the group has not heard of it
            if own_group:
                os.killpg(process.pid, signal.SIGINT)
                process.wait(STOP_S)
            raise
        finally:
            end_group(process)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started, if any of that is still there."""
    if os.name != "posix":
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if process.poll() is None:
            subprocess.call(["taskkill", "/F", "/T", "/PID", str(process.pid)], **quiet)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def environment(root: Path) -> dict[str, str]:
    """Children see the checkout, not what the person's shell says about Python."""
    env = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of worker processes would compile every module again
    return env | {"PYTHONPATH": str(root)}


def read_results(name: str, xml: Path) -> Result:
    """Counts and times from pytest's own report; nothing was run if there is none."""
    result = Result(name, 0.0)
    if not xml.exists():
        return result
    for case in ElementTree.parse(xml).iter("testcase"):
        test = f"{case.get('classname', '')}::{case.get('name', '')}"
        if case.find("failure") is not None or case.find("error") is not None:
            outcome, result.failed = "failed", result.failed + 1
            result.failures.append(test)
        elif case.find("skipped") is not None:
            outcome, result.skipped = "skipped", result.skipped + 1
        else:
            outcome, result.passed = "passed", result.passed + 1
        result.tests.append((test, float(case.get("time", 0)), outcome))
        for item in case.iter("property"):
            result.properties.append(f"{test}: {item.get('name')} = {item.get('value')}")
    return result


def report(results: list[Result], seconds: float) -> None:
    print("\n== summary")
    for result in results:
        print(result.line())
        for failure in result.failures:
            print(f"    FAILED {failure}")
    print(f"{'all':<34} {'':<40} {seconds:6.1f} s")
    passed, failed, skipped = (
        sum(getattr(result, word) for result in results) for word in ("passed", "failed", "skipped")
    )
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)


def write_proof(root: Path, arguments: list[str], results: list[Result]) -> None:
    """``docs/proof/<date>.md``: what ran at full size, with what, how long, and what failed."""
    today = datetime.date.today().isoformat()
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=False
    ).stdout.strip()
    lines = [
        f"# Proof of {today}",
        "",
        f"`packaging/test {' '.join(arguments)}` at {commit or 'an unknown commit'}, {platform.platform()}, "
        f"{os.cpu_count()} cores, load {load_at_the_end()} at the end.",
        "",
    ]
    if changed := uncommitted(root):
        lines += [f"{len(changed)} files differed from that commit: {', '.join(changed)}", ""]
    if not any(word.startswith("tests") for word in arguments):
        lines += ["Everything ran.", ""]
    else:
        lines += ["Only the named tests ran, not the whole suite.", ""]
    lines += ["| step | passed | failed | skipped | seconds |", "|---|---|---|---|---|"]
    lines += [f"| {r.name} | {r.passed} | {r.failed} | {r.skipped} | {r.seconds:.0f} |" for r in results]
    for result in results:
        if not result.tests:
            continue
        lines += ["", f"## {result.name}", "", "Property tests are derandomised: their seed is the test itself.", ""]
        lines += [f"* FAILED {failure}" for failure in result.failures] or ["No failures."]
        lines += ["", *(f"* {item}" for item in result.properties)]
        lines += ["", "| longest tests | seconds |", "|---|---|"]
        longest = sorted(result.tests, key=lambda test: -test[1])[:25]
        lines += [f"| {name} | {seconds:.1f} |" for name, seconds, _ in longest]
    file = root / "docs" / "proof" / f"{today}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    say(f"Written: {file}")


def uncommitted(root: Path) -> list[str]:
    """What of the program and its tests was not as the commit has it."""
    command = ["git", "status", "--porcelain", "--", "artifact_browser", "tests", "packaging", "benchmarks"]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout
    return [line[3:] for line in said.splitlines()]


def load_at_the_end() -> str:
    """How busy the machine was beside, as the system counts."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
