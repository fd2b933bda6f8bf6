"""What ``packaging/run``, ``test`` and ``bench`` do: find a Python, make the environment, then the work itself.

Standard library only, and written so that an old Python can read it far enough to say that it is too old. The
environment lies in ``.venv`` beside this folder; a stamp file in it says for what it was made, so that a second start
costs nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
EXTRAS = {"run": "", "test": "[test]", "bench": "[test,bench]"}
NEWER_NAMES = ("python3", "python3.13", "python3.12", "python3.11", "python3.14", "python")
PROBE = "import sys; print(*sys.version_info[:3]); print(sys.executable)"


class Refusal(Exception):
    """The environment cannot be made; the text says why and what the person can do."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def version_of(python: str | Path) -> tuple[tuple[int, ...], str] | None:
    """``((3, 11, 7), real path)`` of an interpreter that runs; launchers without a Python behind them do not."""
    try:
        done = subprocess.run([str(python), "-c", PROBE], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.splitlines()
    if done.returncode or len(lines) != 2:
        return None
    return tuple(map(int, lines[0].split())), lines[1]


def find_python() -> str:
    """An interpreter that is new enough: ``$PYTHON``, the one we run in, then by name.

    :raises Refusal: there is none
    """
    wanted = os.environ.get("PYTHON")
    for name in (wanted, sys.executable, *NEWER_NAMES):
        found = version_of(name) if name else None
        if found and found[0][:2] >= OLDEST:
            return found[1]
    raise Refusal(
        "Artifact Browser needs Python 3.11 or newer; here is {}.{}.\n"
        "Install one (Debian 12: apt install python3; macOS, Windows: python.org) or name it: PYTHON=/path/to/python".format(
            *sys.version_info[:2]
        )
    )


def find_other_python(minor: int) -> str | None:
    """A Python 3.``minor`` for a second test run, by name or among pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for name in (f"python3.{minor}", *sorted(pyenv.glob(f"3.{minor}.*/bin/python"), reverse=True)):
        found = version_of(name)
        if found and found[0][:2] == (3, minor):
            return found[1]
    return None


def python_in(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def needed_stamp(python: Path) -> str:
    """What an environment depends on: our declared dependencies, its Python, and where this checkout lies."""
    found = version_of(python)
    pyproject = (ROOT / "pyproject.toml").read_bytes()
    return hashlib.sha256(pyproject + repr((found and found[0], str(ROOT))).encode()).hexdigest()


def make_environment(purpose: str, base_python: str | None = None, venv: Path | None = None) -> Path:
    """Make or refresh the environment and return its Python. A second call takes milliseconds.

    :raises Refusal: no Python, no ``venv`` module, or the packages cannot be had
    """
    venv = venv or ROOT / ".venv"
    python = python_in(venv)
    found = version_of(python)
    if not found or found[0][:2] < OLDEST:
        create_venv(base_python or find_python(), venv)
    # what was made for tests also runs the app
    stamps = [venv / f".made-for-{name}" for name in EXTRAS if EXTRAS[purpose].rstrip("]") in EXTRAS[name]]
    stamp = needed_stamp(python)
    if any(file.exists() and file.read_text() == stamp for file in stamps):
        return python
    say(f"Installing what Artifact Browser needs into {venv.name} (once; a minute or two) …")
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    if subprocess.call([*map(str, command), "--editable", str(ROOT) + EXTRAS[purpose]], stdout=sys.stderr):
        raise Refusal("The packages could not be installed (see above). Is the network there?")
    (venv / f".made-for-{purpose}").write_text(stamp)
    return python


def create_venv(base_python: str, venv: Path) -> None:
    say(f"Making the environment {venv} …")
    if subprocess.call([base_python, "-c", "import ensurepip, venv"], stderr=subprocess.DEVNULL):
        import debian

        debian.install(["python3-venv"], f"The venv module of {base_python} is missing")
    shutil.rmtree(venv, ignore_errors=True)
    if subprocess.call([base_python, "-m", "venv", str(venv)], stdout=sys.stderr):
        raise Refusal(f"{base_python} could not make an environment (see above).")


def provide_system_parts(purpose: str) -> None:
    """On Linux: the libraries Qt loads, and for tests the servers and tools. Says what it could not get."""
    if not sys.platform.startswith("linux"):
        return
    import debian

    try:
        debian.provide_for_qt()
    except Refusal as reason:
        say(f"{reason}\nTrying to start without.")
    if purpose == "test":
        try:
            debian.provide_for_tests()
        except Refusal as reason:
            say(f"{reason}\nTests that need what is missing are skipped by name (in CI they fail).")


def main(purpose: str, arguments: list[str]) -> int:
    if purpose == "run" and arguments[:1] == ["--uninstall"]:
        import launcher

        return launcher.uninstall()
    python = make_environment(purpose)
    provide_system_parts(purpose)
    if purpose == "run" and arguments[:1] == ["--install"]:
        import launcher

        return launcher.install(ROOT)
    if purpose == "test":
        import checks

        return checks.run(ROOT, python, arguments)
    # -P: a folder that happens to hold a json.py is not on the module path
    program = ["-m", "artifact_browser"] if purpose == "run" else [str(ROOT / "benchmarks")]
    command = [str(python), "-P", *program, *arguments]
    return run_as_session(command) if os.name == "posix" else subprocess.call(command)


def run_as_session(command: list[str]) -> int:
    """Run the program as the leader of a session of its own and pass signals on to it; its exit code.

    Linux divides the CPU among sessions: in the terminal's own, whatever else was started there could take it from the
    app's workers, which give way to everybody (artifact_browser/workers/priority.py).
    """
    with subprocess.Popen(command, start_new_session=True) as process:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda got, _: process.send_signal(signal.SIGTERM if got == signal.SIGHUP else got))
        code = process.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    if sys.version_info < OLDEST and "ARTIFACT_BROWSER_SECOND_TRY" not in os.environ:
        try:
            newer = find_python()
        except Refusal as refusal:
            sys.exit(str(refusal))
        os.environ["ARTIFACT_BROWSER_SECOND_TRY"] = "1"
        sys.exit(subprocess.call([newer, __file__, *sys.argv[1:]]))
    os.environ.pop("ARTIFACT_BROWSER_SECOND_TRY", None)
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    sys.modules["environment"] = sys.modules["__main__"]  # debian.py and checks.py import Refusal from here
    try:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
    except Refusal as refusal:
        sys.exit(str(refusal))
    except KeyboardInterrupt:
        sys.exit(130)
