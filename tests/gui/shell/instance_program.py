"""A start of the app without its window: ``instance_program.py HOME ADDRESS...``. Says what became of it, then what
it is handed, one JSON line each."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from artifact_browser.gui.shell.instance import Instance, Joined
from artifact_browser.paths import in_home


def say(word: str, text: str) -> None:
    print(json.dumps([word, text]), flush=True)


def main() -> None:
    app = QCoreApplication([])
    instance = Instance(in_home(Path(sys.argv[1])).make())
    instance.opened.connect(lambda address: say("opened", address))
    joined = instance.join(sys.argv[2:])
    say("joined", joined.value)
    if joined is Joined.FIRST:
        app.exec()


if __name__ == "__main__":
    main()
