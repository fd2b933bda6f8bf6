"""Every action of the window: name, place in the menus, shortcut, icon, explanation and what it needs.

The names are part of the interface (screen readers and tests use them). Data only; ``actions.py`` makes QActions.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence

from artifact_browser.gui.shell import context as needs
from artifact_browser.gui.shell.context import Need

Keys = QKeySequence.StandardKey


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action. ``section`` groups it inside its menu; a separator stands between sections."""

    name: str
    text: str
    menu: str
    explanation: str
    icon: str = ""
    keys: tuple[str | Keys, ...] = ()
    needs: tuple[Need, ...] = ()
    section: int = 0
    checkable: bool = False
    role: QAction.MenuRole = QAction.MenuRole.NoRole


_WRITE = (needs.BUCKET, needs.WRITABLE)

ACTIONS: tuple[ActionSpec, ...] = (
    # File
    ActionSpec("new_bucket", "New bucket\u2026", "File", "Make a bucket in this account", "database",
               ("Ctrl+Shift+B",), (needs.ACCOUNT, needs.WRITABLE)),
    ActionSpec("new_folder", "New folder\u2026", "File", "Make a folder here", "folder-plus",
               ("Ctrl+Shift+N",), _WRITE),
    ActionSpec("upload_files", "Upload files\u2026", "File", "Choose files and upload them here", "file-up",
               ("Ctrl+U",), _WRITE, section=1),
    ActionSpec("upload_folder", "Upload folder\u2026", "File", "Choose a folder and upload it here", "folder-up",
               ("Ctrl+Shift+U",), _WRITE, section=1),
    ActionSpec("upload_options", "Upload with options\u2026", "File",
               "Choose what to upload: patterns, ignore files, links, what to do with what is there", "list-filter",
               (), _WRITE, section=1),
    ActionSpec("download", "Download\u2026", "File", "Download what is selected into a folder", "download",
               ("Ctrl+D",), (needs.ROWS,), section=1),
    ActionSpec("sync", "Compare and sync\u2026", "File", "Compare this place with a folder and make one like the other",
               "arrow-left-right", (), (needs.BUCKET,), section=1),
    ActionSpec("download_options", "Download with options\u2026", "File",
               "Choose what of the selection to download: patterns, what to do with what is there", "list-filter",
               (), (needs.ROWS,), section=1),
    ActionSpec("open", "Open", "File", "Open the folder, or the blob with the system's program", "external-link",
               ("Ctrl+O",), (needs.ONE_ROW,), section=2),
    ActionSpec("preferences", "Preferences\u2026", "File", "Theme, row height, transfers, cache", "settings",
               (Keys.Preferences, "Ctrl+,"), section=3, role=QAction.MenuRole.PreferencesRole),
    ActionSpec("clear_listings", "Clear cached listings", "File",
               "Forget what places held when they were last listed; they are listed from nothing the next time", "", (),
               section=3),
    ActionSpec("quit", "Quit", "File", "End Artifact Browser", "log-out", (Keys.Quit, "Ctrl+Q"), section=4,
               role=QAction.MenuRole.QuitRole),
    # Edit
    ActionSpec("cut", "Cut", "Edit", "Move what is selected to where it is pasted", "",
               (Keys.Cut,), (needs.ROWS, needs.WRITABLE)),
    ActionSpec("copy", "Copy", "Edit", "Copy what is selected to where it is pasted; in other programs: its URIs", "copy",
               (Keys.Copy,), (needs.ROWS,)),
    ActionSpec("paste", "Paste", "Edit", "Copy or move here what is on the clipboard: blobs, folders, files",
               "clipboard-paste", (Keys.Paste,), _WRITE),
    ActionSpec("copy_to", "Copy to\u2026", "Edit", "Choose where to copy what is selected: any bucket of any account",
               "", ("Ctrl+Alt+C",), (needs.ROWS,)),
    ActionSpec("move_to", "Move to\u2026", "Edit", "Choose where to move what is selected: any bucket of any account",
               "", ("Ctrl+Alt+M",), (needs.ROWS, needs.WRITABLE)),
    ActionSpec("copy_link", "Copy link", "Edit", "Copy a presigned link to the selected blobs", "link",
               ("Ctrl+Shift+C",), (needs.BLOBS, needs.NO_FOLDERS), section=1),
    ActionSpec("share", "Share\u2026", "Edit", "Choose how long a link works and what it is for", "link",
               ("Ctrl+Shift+S",), (needs.BUCKET,), section=1),
    ActionSpec("copy_uri", "Copy URI", "Edit", "Copy the address of what is selected, or of this place", "copy",
               ("Alt+Shift+C",), (needs.BUCKET,), section=1),
    ActionSpec("rename", "Rename\u2026", "Edit", "Give the selected blob or folder another name", "pencil", ("F2",),
               (needs.ONE_ROW, needs.WRITABLE), section=2),
    ActionSpec("delete", "Delete\u2026", "Edit", "Delete what is selected, after a look at what that is", "trash-2",
               ("Del",), (needs.ROWS, needs.WRITABLE), section=2),
    ActionSpec("select_all", "Select all", "Edit", "Select every row that is shown", "", (Keys.SelectAll,),
               (needs.TABLE,), section=3),
    ActionSpec("invert_selection", "Invert selection", "Edit", "Select the rows that are not selected", "",
               ("Ctrl+Shift+I",), (needs.TABLE,), section=3),
    ActionSpec("search", "Search\u2026", "Edit", "Look for keys below this place: patterns, text, expressions, conditions",
               "search", ("Ctrl+Shift+F",), (needs.BUCKET,), section=4),
    # View
    ActionSpec("table_view", "Table view", "View", "Show blobs as a table", "rows-3", ("Ctrl+1",), checkable=True),
    ActionSpec("gallery_view", "Gallery view", "View", "Show artifacts as cards", "layout-grid", ("Ctrl+2",),
               checkable=True),
    ActionSpec("side_bar", "Side bar", "View", "Show or hide accounts and buckets", "library", ("F9",), section=1,
               checkable=True),
    ActionSpec("details", "Details", "View", "Show or hide the details of what is selected", "panel-right",
               ("Alt+Return",), (needs.TABLE,), section=1, checkable=True),
    ActionSpec("transfers", "Transfers", "View", "Show or hide the transfers", "history", ("Ctrl+J",), section=1,
               checkable=True),
    ActionSpec("history", "Transfer history\u2026", "View", "What was transferred before, and how it ended", "history",
               ("Ctrl+Shift+J",), section=1),
    ActionSpec("usage", "Usage\u2026", "View", "How much this bucket or the selected folder holds, by prefix, class, age and type",
               "layers", ("Ctrl+Alt+U",), (needs.MEASURABLE,), section=1),
    ActionSpec("watches", "Watches\u2026", "View", "What is watched for new versions, and what was found", "eye",
               ("Ctrl+Alt+W",), section=1),
    ActionSpec("next_pane", "Next pane", "View", "Move the focus to the next part of the window", "",
               ("F6",), section=2),
    ActionSpec("previous_pane", "Previous pane", "View", "Move the focus to the part before", "",
               ("Shift+F6",), section=2),
    # Go
    ActionSpec("back", "Back", "Go", "Go to the place before", "arrow-left", (Keys.Back, "Alt+Left"), (needs.BACK,)),
    ActionSpec("forward", "Forward", "Go", "Go on to the next place", "arrow-right", (Keys.Forward, "Alt+Right"),
               (needs.FORWARD,)),
    ActionSpec("up", "Up", "Go", "Go to the folder above", "arrow-up", ("Alt+Up",), (needs.UP,)),
    ActionSpec("address", "Address", "Go", "Type where to go", "globe", ("Ctrl+L",), section=1),
    ActionSpec("open_by_uri", "Open by URI\u2026", "Go", "Go to an artifact of this bucket by its flyte:// address", "link", (),
               (needs.BUCKET,), section=1),
    ActionSpec("filter", "Filter", "Go", "Show only names that match", "list-filter", (Keys.Find,), section=1),
    ActionSpec("filter_buckets", "Filter buckets", "Go", "Show only buckets whose names hold a text", "",
               ("Ctrl+Alt+B",), section=1),
    ActionSpec("refresh", "Refresh", "Go", "List this place again", "refresh-cw", ("F5", "Ctrl+R"), section=2),
    ActionSpec("stop", "Stop", "Go", "Stop listing; what has arrived stays", "circle-stop", ("Esc",),
               (needs.LISTING,), section=2),
    ActionSpec("pin", "Pin", "Go", "Keep this place at the top of the side bar", "pin", ("Ctrl+B",), (needs.BUCKET,),
               section=3, checkable=True),
    # Account
    ActionSpec("add_account", "Add account\u2026", "Account", "Connect to AWS, an S3-compatible store or a public bucket",
               "plus", ("Ctrl+Shift+T",)),
    ActionSpec("edit_account", "Edit account\u2026", "Account", "Change this account's settings or keys", "pencil", (),
               (needs.ACCOUNT,), section=1),
    ActionSpec("test_connection", "Test connection", "Account", "Check that this account works", "circle-check", (),
               (needs.ACCOUNT,), section=1),
    ActionSpec("open_bucket", "Open bucket by name\u2026", "Account", "For accounts that may not list their buckets",
               "folder-open", (), (needs.ACCOUNT,), section=1),
    ActionSpec("delete_bucket", "Delete bucket\u2026", "Account", "Delete this bucket, after a look at what is in it", "trash-2", (),
               (needs.BUCKET, needs.WRITABLE), section=1),
    ActionSpec("remove_account", "Remove account\u2026", "Account", "Forget this account and its keys", "trash-2", (),
               (needs.OWN_ACCOUNT,), section=2),
    # Catalog
    ActionSpec("new_collection", "New collection\u2026", "Catalog", "Make a collection of artifacts here", "library",
               (), _WRITE),
    ActionSpec("new_artifact", "New artifact\u2026", "Catalog", "Make an artifact in this collection", "package-plus",
               (), (needs.COLLECTION, needs.WRITABLE)),
    ActionSpec("edit_card", "Edit card\u2026", "Catalog", "Change what the artifact or collection says of itself", "pencil",
               ("Ctrl+E",), (needs.CARD, needs.WRITABLE)),
    ActionSpec("schema", "Schema\u2026", "Catalog", "What the children of this collection must say of themselves", "braces",
               (), (needs.SCHEMA,)),
    ActionSpec("stage_files", "Stage files\u2026", "Catalog", "Add files to the artifact's staged manifest", "file-up",
               (), (needs.ARTIFACT, needs.WRITABLE), section=1),
    ActionSpec("commit", "Commit\u2026", "Catalog", "Make the staged manifest the committed one",
               "git-commit-horizontal", ("Ctrl+Return",), (needs.STAGED, needs.WRITABLE), section=1),
    ActionSpec("commit_all", "Commit all staged\u2026", "Catalog",
               "Look at all that is staged in this collection, and commit it together", "git-commit-horizontal",
               ("Ctrl+Shift+Return",), (needs.COLLECTION, needs.WRITABLE), section=1),
    ActionSpec("compare_committed", "Compare with committed\u2026", "Catalog",
               "Show what is staged against what is committed: files, and metadata field by field", "arrow-left-right", (),
               (needs.STAGED,), section=1),
    ActionSpec("discard", "Discard\u2026", "Catalog", "Drop the staged changes", "x", (),
               (needs.STAGED, needs.WRITABLE), section=1),
    ActionSpec("versions", "Versions\u2026", "Catalog", "Look at the artifact's versions, restore one, move aliases",
               "history", ("Ctrl+Shift+H",), (needs.ARTIFACT,), section=2),
    ActionSpec("find_versions", "Find versions\u2026", "Catalog",
               "Find versions of an artifact by partitions and time, with the requests it takes", "search", ("Ctrl+Shift+V",),
               (needs.BUCKET,), section=2),
    ActionSpec("watch", "Watch\u2026", "Catalog", "Be told of new versions, or have them downloaded", "eye", (),
               (needs.CATALOG_PLACE,), section=2),
    ActionSpec("copy_as_uri", "Copy artifact as URI", "Catalog", "Copy the artifact's address", "copy", (),
               (needs.ARTIFACT,), section=2),
    ActionSpec("copy_as_python", "Copy artifact as Python", "Catalog", "Copy lines of Python that list its files", "code-xml",
               (), (needs.ARTIFACT,), section=2),
    ActionSpec("copy_as_aws", "Copy artifact as AWS command", "Catalog", "Copy a line for a shell that downloads it", "",
               (), (needs.ARTIFACT,), section=2),
    ActionSpec("copy_as_rclone", "Copy artifact as rclone command", "Catalog", "Copy a line for a shell that downloads it",
               "", (), (needs.ARTIFACT,), section=2),
    ActionSpec("copy_as_flyte", "Copy artifact as flyte:// URI", "Catalog",
               "Copy its address without a bucket; where it has no name yet, Edit card\u2026 gives it one", "link", (), (needs.ARTIFACT,), section=2),
    ActionSpec("download_weights", "Download weights\u2026", "Catalog", "Choose what a download of the artifact's files counts", "",
               (), (needs.ARTIFACT, needs.WRITABLE), section=2),
    ActionSpec("reset_stats", "Reset statistics\u2026", "Catalog", "Let the artifact's downloads and views begin at zero", "",
               (), (needs.ARTIFACT, needs.WRITABLE), section=2),
    ActionSpec("delete_artifact", "Delete artifact\u2026", "Catalog",
               "Delete the artifact or collection with all that is in it, after a look at what that is", "trash-2", (),
               (needs.CATALOG_PLACE, needs.WRITABLE), section=2),
    # Help
    ActionSpec("open_log", "Show log folder", "Help", "Open the folder that holds the log", "file-text"),
    ActionSpec("about", "About Artifact Browser", "Help", "Versions and licences", "info",
               role=QAction.MenuRole.AboutRole, section=1),
)  # fmt: skip
