"""The two commands: thin, quick the second time, honest about what they may not do and about what failed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
posix = pytest.mark.skipif(os.name != "posix", reason="sh and apt: not on Windows")


def call(code: str, *arguments: str, prefix: tuple[str, ...] = (), python: str = sys.executable, **env: str) -> str:
    """Run code beside environment.py; what it printed, both streams."""
    code = f"import sys; sys.path.insert(0, {str(PACKAGING)!r})\n{code}"
    command = [*prefix, python, "-c", code, *arguments]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}  # not xdist's worker
    done = subprocess.run(
        command,
        env=own | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=90,
    )
    return done.stdout


@pytest.mark.parametrize("name", ["run", "test", "bench"])
def test_each_command_has_a_twin_for_windows(name: str) -> None:
    twin = (PACKAGING / f"{name}.cmd").read_bytes()
    assert f'environment.py" {name} %*'.encode() in twin
    assert twin.count(b"\r\n") == twin.count(b"\n")
    assert b"environment.py" in (PACKAGING / name).read_bytes()


@posix
def test_the_scripts_are_executable() -> None:
    for name in ("packaging/run", "packaging/test", "packaging/bench", ".ci/run"):
        assert os.access(ROOT / name, os.X_OK), name


@posix
def test_no_python_is_told(tmp_path: Path) -> None:
    for tool in ("sh", "dirname", "basename"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}" if Path(f"/usr/bin/{tool}").exists() else f"/bin/{tool}")
    done = subprocess.run(
        [tmp_path / "sh", PACKAGING / "run"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="apt: Debian only")
def test_who_may_not_install_is_told_what_to_run(tmp_path: Path) -> None:
    """As nobody, without sudo: a refusal with the command, not a traceback and not a hang."""
    (tmp_path / "apt-get").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "apt-get").chmod(0o755)
    tmp_path.chmod(0o755)
    code = (
        "import os; os.environ['PATH'] = sys.argv[1]; os.geteuid = lambda: 65534\n"
        "import environment, debian\n"
        "try: debian.install(['libegl1', 'nice?'], 'Qt needs it')\n"
        "except environment.Refusal as refusal: print('refused:', refusal)"
    )
    assert call(code, str(tmp_path)).strip() == (
        "refused: Qt needs it, and there is no sudo. Have root run: apt install libegl1"
    )


def test_an_interpreter_without_a_python_behind_it_is_passed_over(tmp_path: Path) -> None:
    code = "import environment; print(environment.version_of(sys.argv[1]), environment.find_python())"
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    said, found = call(code, str(broken), PYTHON=str(broken)).strip().split(maxsplit=1)
    assert said == "None"
    assert Path(found).exists()


FAILING = """
import pytest
def test_good(): pass
def test_bad(): assert 1 == 2
@pytest.mark.skip(reason="named")
def test_left_out(): pass
"""


def test_the_summary_is_honest(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(FAILING)
    code = (
        "import environment, checks; from pathlib import Path; root, python = map(Path, sys.argv[1:])\n"
        "checks.report([checks.pytest(root, python, []), checks.pytest(root, python, ['--no-such-option'])], 1.0)"
    )
    lines = call(code, str(tmp_path), sys.executable).splitlines()
    assert lines[-1] == "1 passed, 2 failed, 1 skipped"
    assert any("test_bad" in line and "FAILED" in line for line in lines)
    assert any("ended with 4" in line for line in lines)


RUN_AS_SESSION = """
import environment
child = '''
import os, signal, sys
def leave(*_):
    os.write(1, b"asked to end\\\\n")  # print may be interrupted by the signal while it still holds the line before
    os._exit(7)
signal.signal(signal.SIGTERM, leave)
print("leads", os.getsid(0) == os.getpid(), flush=True)
signal.pause()
'''
sys.exit(environment.run_as_session([sys.executable, "-c", child]))
"""


@posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_the_app_leads_a_session_and_hears_the_signals_of_its_command(name: str) -> None:
    code = f"import sys; sys.path.insert(0, {str(PACKAGING)!r})\n{RUN_AS_SESSION}"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "leads True\n"
        command.send_signal(getattr(signal, name))
        assert command.stdout.readline() == "asked to end\n"
        assert command.wait(10) == 7


@posix
def test_a_program_that_was_killed_is_told_as_a_shell_does() -> None:
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    said = call(f"import environment; print(environment.run_as_session([sys.executable, '-c', {killed!r}]))")
    assert said.strip() == "137"
