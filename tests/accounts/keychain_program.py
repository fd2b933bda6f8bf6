"""Uses the keychain as the app does, in a process of its own: ``program.py <what> ...``, says JSON."""

import json
import sys

from artifact_browser.accounts.keychain import Keychain
from artifact_browser.accounts.lease import Secret
from artifact_browser.errors import ArtifactBrowserError

keychain = Keychain()
what, *arguments = sys.argv[1:]
try:
    state = keychain.probe()
    if what == "write":
        keychain.write(arguments[0], Secret("AK-" + arguments[0], sys.stdin.readline().strip()))
        said: object = "written"
    elif what == "read":
        secret = keychain.read(arguments[0])
        said = None if secret is None else [secret.access_key, secret.secret_key]
    elif what == "remove":
        keychain.remove(arguments[0])
        said = "removed"
    elif what == "link-key":
        said = keychain.link_key().hex()
    else:
        said = [state.persistent, state.name, state.reason]
except ArtifactBrowserError as error:
    said = {"error": type(error).__name__, "detail": error.detail}
print(json.dumps(said))
