"""Runs in Hypha's own environment: ``hypha_workspace.py URL WORKSPACE SECRET`` makes a workspace that stays, and prints a
token for it.
"""

from __future__ import annotations

import asyncio
import os
import sys

HOURS_S = 12 * 3600


async def main(url: str, workspace: str) -> None:
    from hypha.core import UserInfo, UserPermission, auth  # type: ignore[import-not-found]
    from hypha.core.auth import create_scope, generate_presigned_token  # type: ignore[import-not-found]
    from hypha_rpc import connect_to_server  # type: ignore[import-not-found]

    auth.JWT_SECRET = os.environ["JWT_SECRET"]
    scope = create_scope(workspaces={"*": UserPermission.admin})
    root = UserInfo(
        id="root", is_anonymous=False, email="root@example.org", parent=None, roles=[], scope=scope, expires_at=None
    )
    server = {"name": "root", "server_url": url, "token": generate_presigned_token(root, HOURS_S)}
    api = await connect_to_server(server)
    await api.create_workspace(
        {"name": workspace, "description": "Tests", "owners": [], "persistent": True, "read_only": False},
        overwrite=True,
    )
    inside = await connect_to_server(server | {"name": "tests", "workspace": workspace})
    print(await inside.generate_token({"workspace": workspace, "expires_in": HOURS_S}))
    await inside.disconnect()
    await api.disconnect()


asyncio.run(main(*sys.argv[1:]))
