"""What of a tree is moved: ignore files as git reads them, patterns, and what is said about what was left out."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from artifact_browser.errors import InputError
from artifact_browser.transfers.choice import PLAIN_UPLOAD, Links, TreeChoice
from artifact_browser.transfers.history import JobKept, read_history
from artifact_browser.transfers.patterns import PatternProblem, Patterns, lines_of, problem_of
from artifact_browser.transfers.state import ItemState, JobState
from artifact_browser.transfers.walk import What, walk
from tests.transfers.conftest import Bench, tree

GIT = TreeChoice(ignore_files=(".gitignore",))


def files(root: Path, choice: TreeChoice) -> set[str]:
    return {"/".join(found.names[1:]) for found in walk(str(root), choice) if found.what is What.FILE}


# -- as git does it -------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty repository, and git without anybody's configuration."""
    root = tmp_path_factory.mktemp("above") / "repository"  # an ignore file above it is nobody else's
    patch = pytest.MonkeyPatch()
    patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / ".git/info/exclude").unlink(missing_ok=True)
    yield root
    patch.undo()


def fill(root: Path, made: dict[str, str]) -> None:
    for name, text in made.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def kept_by_git(repository: Path, below: str = ".") -> set[str]:
    """What ``git add`` would take."""
    asked = ["git", "-C", str(repository / below), "ls-files", "-z", "--others", "--exclude-standard"]
    done = subprocess.run(asked, check=True, capture_output=True)
    return set(filter(None, done.stdout.decode().split("\0")))


def names(sizes: int) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(["a", "b", "ab", "ba", "a b", "c.x", "#a", "!b"]), min_size=1, max_size=sizes).map(
        "/".join
    )


pieces = st.sampled_from(
    ["a", "b", "ab", "*", "?", "a*", "*b", "*.x", "*a*b*", "[ab]", "[!a]", "[a-c]*", "[[:alpha:]]", "\\a", "a b", "??",
     "\\#a", "\\!b", "[z-a]", "a[!b]", "*[!a]", "[+-9]*"]
)  # fmt: skip
middles = st.lists(pieces | st.just("**"), max_size=2)
lines = st.one_of(
    st.builds(
        lambda no, root, inner, last, tail: f"{no}{root}{'/'.join([*inner, last])}{tail}",
        st.sampled_from(["", "", "!"]), st.sampled_from(["", "/"]), middles, pieces, st.sampled_from(["", "/", "/**", " "]),
    ),
    st.sampled_from(["# a", "", "!", "/", "!/", "[", "a[", "**", "*", "*/", "/*", "!*/", "**/", "a\\", "\\ ", "a\\ "]),
)  # fmt: skip
ignore_texts = st.lists(lines, min_size=1, max_size=5).flatmap(
    lambda found: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join([*found, ""]))
)


def tree_of(paths: list[str], ignoring: dict[str, str]) -> dict[str, str]:
    """Files and folders that can stand together; an ignore file in those folders that are there."""
    kept: dict[str, str] = {}
    for path in paths:
        parts = path.split("/")
        above = {"/".join(parts[:end]) for end in range(1, len(parts))}
        if not above & kept.keys() and not any(name.startswith(f"{path}/") for name in kept):
            kept[path] = ""
    folders = {"", *("/".join(path.split("/")[:end]) for path in kept for end in range(1, path.count("/") + 1))}
    return kept | {f"{at}/.gitignore".lstrip("/"): text for at, text in ignoring.items() if at in folders}


trees = st.builds(
    tree_of,
    st.lists(names(3), min_size=1, max_size=10),
    st.dictionaries(st.just("") | names(2), ignore_texts, min_size=1, max_size=3),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=trees)
@example(made={".gitignore": "a/**\n!a/b\n", "a/b": "", "a/ab": ""})
@example(made={".gitignore": "!**/a/**\n/a\n", "a/b": ""})
@example(made={".gitignore": "a\n!a/b\n", "a/b": "", "b": ""})
@example(made={".gitignore": "*\n!*/\n!*.x\n", "a/c.x": "", "a/b": "", "b": ""})
@example(made={".gitignore": "*\n!b\n", "a/.gitignore": "!a\n", "a/a": "", "b/a": ""})
@example(made={".gitignore": "*\n!/\n", "a": ""})
@example(made={".gitignore": "*[!b]\n", "a/ab": "", "b/a": ""})
@example(made={".gitignore": "\ufeffa\n", "a": "", "b": ""})
def test_the_same_files_are_kept_as_by_git(repository: Path, made: dict[str, str]) -> None:
    for old in repository.iterdir():
        if old.name != ".git":
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    fill(repository, made)
    assert files(repository, GIT) == kept_by_git(repository)


def test_files_above_count_up_to_the_repository(repository: Path) -> None:
    fill(
        repository, {".gitignore": "*.x\n", "set/.gitignore": "/b\n", "set/in/a.x": "", "set/in/b": "", "set/in/c": ""}
    )
    (repository.parent / ".gitignore").write_text("*\n")
    above = TreeChoice(ignore_files=(".gitignore",), ignore_above=True)
    assert files(repository / "set/in", above) == kept_by_git(repository, "set/in") == {"b", "c"}
    assert files(repository / "set/in", GIT) == {"a.x", "b", "c"}
    assert files(repository, above) == kept_by_git(repository)


def test_files_above_do_not_count_in_the_home_folder_or_where_anybody_can_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    fill(
        tmp_path,
        {
            "home/.artifactignore": "*\n",
            "home/work/.artifactignore": "b\n",
            "home/work/set/a": "",
            "home/work/set/b": "",
        },
    )
    assert files(tmp_path / "home/work/set", PLAIN_UPLOAD) == {"a"}
    (tmp_path / "home/work").chmod(0o777)
    assert files(tmp_path / "home/work/set", PLAIN_UPLOAD) == {"a", "b"}


# -- one line -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("line", "path", "matches"),
    [
        ("foo", "foo", True),
        ("foo", "a/foo/", True),
        ("foo", "foo/x", None),  # what lies in it is not it
        ("foo", "foo\n", None),
        ("*", "\nx", True),
        ("a/**", "a/", None),
        ("a/**", "a/b", True),
        ("*a*b*c", "xaxxbxxc", True),
        ("*a*b*c", "xaxxbxxcd", None),
        ("[!x]*a*b", "yxab", True),
        ("[[]", "[", True),
        ("data[!0-9]", "data/", None),  # brackets match no slash
        ("data[!0-9]", "datax", True),
        ("test[!_]data", "test/data", None),
        ("*[!a]", "a/", None),
        ("*[!]x]", "a]", None),
        ("a[+-9]b", "a/b", None),
        ("a[+-9]b", "a0b", True),
        ("a\\[^b", "a[^b", True),
        ("x\\ ", "x ", True),
        ("!x", "x", False),
        ("\u00e4?", "\u00e4\udcff", True),
    ],
)
def test_one_line_and_one_path(line: str, path: str, matches: bool | None) -> None:
    assert Patterns([line]).verdict(path) is matches


def test_a_hostile_line_takes_no_time() -> None:
    assert Patterns([f"{'*a' * 40}*b"]).verdict("a" * 255) is None  # for years, in a plain translation
    with pytest.raises(PatternProblem, match=r"more than 3"):
        Patterns(["a/**/b/**/c/**/d/**"])


def test_lines_that_match_nothing_are_named_where_they_are_typed() -> None:
    assert {line: bool(problem_of(line)) for line in ["*.x", "# a", "", "[", "a\\", "!", "/", "[z-a]"]} == {
        "*.x": False, "# a": False, "": False, "[": True, "a\\": True, "!": True, "/": True, "[z-a]": True,
    }  # fmt: skip
    assert lines_of("\ufeffa\r\nb\n") == ["a", "b", ""]


# -- typed patterns --------------------------------------------------------------------------------------------------
@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "set"
    fill(
        root,
        {"a.csv": "1", "b.log": "2", "train/c.csv": "3", "train/d.log": "4", "train/raw/e.csv": "5", "docs/f.md": "6"},
    )
    return root


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (TreeChoice(exclude=("*.log", "raw/")), {"a.csv", "train/c.csv", "docs/f.md"}),
        (TreeChoice(include=("*.csv",)), {"a.csv", "train/c.csv", "train/raw/e.csv"}),
        (TreeChoice(include=("/train",)), {"train/c.csv", "train/d.log", "train/raw/e.csv"}),
        (TreeChoice(include=("train/", "!raw/"), exclude=("*.log",)), {"train/c.csv"}),
        (TreeChoice(include=("*.csv",), exclude=("/*.csv",)), {"train/c.csv", "train/raw/e.csv"}),
    ],
)
def test_patterns_choose_the_same_files_both_ways(
    bench: Bench, folder: Path, tmp_path: Path, choice: TreeChoice, expected: set[str]
) -> None:
    up = bench.finish(bench.queue.upload(bench.record, bench.at(), [folder], choice=choice))
    assert (up.state, {key.removeprefix("set/") for key in bench.listed()}) == (JobState.DONE, expected)
    assert up.counts.items == len(expected)
    assert up.counts.left_out_by == ("your patterns",)

    bench.put(
        {
            f"all/{path.relative_to(folder).as_posix()}": path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
    )
    bench.put({"all/": b""})
    down = bench.finish(bench.queue.download(bench.record, [bench.at("all/")], tmp_path / "down", choice=choice))
    assert set(tree(tmp_path / "down")) == {f"all/{name}" for name in expected}
    assert (down.counts.left_out, down.counts.items_skipped) == (6 - len(expected), 0)


def test_a_pattern_that_may_not_be_run_fails_the_transfer_with_its_reason(local: Bench, folder: Path) -> None:
    choice = TreeChoice(exclude=("a/**/b/**/c/**/d/**",))
    local.put({"set/x": b""})
    for handle in [
        local.queue.upload(local.record, local.at(), [folder], choice=choice),
        local.queue.download(local.record, [local.at("set/")], folder, choice=choice),
    ]:
        end = local.finish(handle)
        assert end.error is not None
        assert (end.error.kind, "more than 3" in end.error.detail) == (InputError.__name__, True)


# -- plain uploads ---------------------------------------------------------------------------------------------------
def test_a_plain_upload_reads_artifactignore_and_says_so(bench: Bench, folder: Path) -> None:
    fill(folder, {".artifactignore": "*.log\nraw/\n", "train/.artifactignore": "!d.log\n", ".gitignore": "*\n"})
    handle = bench.queue.upload(bench.record, bench.at(), [folder])
    end = bench.finish(handle)
    assert end.state is JobState.DONE
    assert {key.removeprefix("set/") for key in bench.listed()} == {
        ".artifactignore", ".gitignore", "a.csv", "docs/f.md", "train/.artifactignore", "train/c.csv", "train/d.log",
    }  # fmt: skip
    counts = end.counts
    assert (counts.left_out, counts.folders_left_out, counts.left_out_by) == (1, 1, (".artifactignore",))
    assert (counts.items_skipped, counts.items_failed, handle.count()) == (0, 0, 7)


def test_what_was_chosen_by_name_is_not_left_out(local: Bench, folder: Path) -> None:
    fill(folder, {".artifactignore": "*\n"})
    assert local.finish(local.queue.upload(local.record, local.at(), [folder / "a.csv"])).state is JobState.DONE
    assert local.listed() == ["a.csv"]


@pytest.mark.parametrize("kind", ["pipe", "large", "folder", "refused"])
def test_an_ignore_file_that_cannot_be_read_stops_its_folder_only(local: Bench, folder: Path, kind: str) -> None:
    ignoring = folder / "train/.artifactignore"
    if kind == "pipe":
        os.mkfifo(ignoring)
    elif kind == "folder":
        ignoring.mkdir()
    else:
        ignoring.write_text("#" * (1024**2 + 1) if kind == "large" else "a/**/b/**/c/**/d/**")
    handle = local.queue.upload(local.record, local.at(), [folder])
    end = local.finish(handle)
    assert end.state is JobState.DONE_WITH_ERRORS
    (failed,) = handle.items([ItemState.FAILED])
    assert failed.item.name == "set/train"
    assert failed.error is not None
    assert "Its .artifactignore says what to leave out, and cannot be used" in failed.error.detail
    assert local.listed() == ["set/a.csv", "set/b.log", "set/docs/f.md"]


def test_git_folders_go_with_gitignore(tmp_path: Path) -> None:
    fill(tmp_path, {".git/config": "", "sub/.git": "", "a": ""})
    assert files(tmp_path, GIT) == {"a"}
    assert files(tmp_path, PLAIN_UPLOAD) == {".git/config", "sub/.git", "a"}


def test_the_choice_and_its_counts_outlive_a_restart_and_a_retry(local: Bench, folder: Path) -> None:
    choice = TreeChoice(exclude=("*.log",))
    handle = local.queue.upload(local.record, local.at(), [folder, folder / "gone.txt"], choice=choice)
    assert local.finish(handle).state is JobState.DONE_WITH_ERRORS
    found = local.pool.iterate(read_history, (local.record,))
    kept = [event for event in found if isinstance(event, JobKept) and event.snapshot.job_id == handle.job_id]
    assert kept[0].order.choice == choice  # type: ignore[attr-defined]
    assert (kept[0].snapshot.counts.left_out, kept[0].snapshot.counts.left_out_by) == (2, ("your patterns",))
    fill(folder, {"gone.txt": "", "new.log": ""})
    handle.retry_failed()
    end = local.finish(handle)
    assert (end.state, end.counts.left_out, end.counts.items) == (JobState.DONE, 2, 5)


# -- links -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A set with links: to a file, to a folder, up in a circle, out of it, to nowhere."""
    root = tmp_path / "set"
    fill(tmp_path, {"set/real/f": "f", "set/g": "g", "outside/o": "o", "outside/real/p": "p"})
    (root / "to_file").symlink_to("g")
    (root / "to_folder").symlink_to(root / "real")
    (root / "real/up").symlink_to(root)
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "nowhere").symlink_to("gone")
    (root / "itself").symlink_to("itself")
    return root


@pytest.mark.parametrize(
    ("links", "expected", "notes", "failed"),
    [
        (Links.SKIP, {"g", "real/f"}, {name: "symbolic link: not uploaded" for name in
            ["to_file", "to_folder", "real/up", "out", "nowhere", "itself"]}, set()),
        (Links.INSIDE, {"g", "real/f", "to_file", "to_folder/f"}, {
            "real/up": "symbolic link in a circle: not uploaded",
            "to_folder/up": "symbolic link in a circle: not uploaded",
            "out": "symbolic link out of the chosen folder: not uploaded",
        }, {"nowhere", "itself"}),
        (Links.ANYWHERE, {"g", "real/f", "to_file", "to_folder/f", "out/o", "out/real/p"}, {
            "real/up": "symbolic link in a circle: not uploaded",
            "to_folder/up": "symbolic link in a circle: not uploaded",
        }, {"nowhere", "itself"}),
    ],
)  # fmt: skip
def test_links_are_followed_as_far_as_was_chosen(
    local: Bench, linked: Path, links: Links, expected: set[str], notes: dict[str, str], failed: set[str]
) -> None:
    handle = local.queue.upload(local.record, local.at(), [linked], choice=TreeChoice(links=links))
    local.finish(handle)
    assert {key.removeprefix("set/") for key in local.listed()} == expected
    skipped = {one.item.name.removeprefix("set/"): one.note for one in handle.items([ItemState.SKIPPED])}
    assert skipped == notes
    assert {one.item.name.removeprefix("set/") for one in handle.items([ItemState.FAILED])} == failed


@pytest.mark.parametrize(
    ("links", "leads_to", "note"),
    [
        (Links.SKIP, "g", "symbolic link: not uploaded"),
        (Links.INSIDE, "../outside/o", "symbolic link out of the chosen folder: not uploaded"),
        (Links.INSIDE, "g", ""),
        (Links.ANYWHERE, "../outside/o", ""),
    ],
)
def test_a_link_that_took_a_files_place_before_a_retry_is_as_one_that_was_found(
    local: Bench, linked: Path, links: Links, leads_to: str, note: str
) -> None:
    gone = linked / "nowhere"
    paths = [linked / "gone.txt"] if links is Links.SKIP else [linked]
    handle = local.queue.upload(local.record, local.at(), paths, choice=TreeChoice(links=links))
    local.finish(handle)
    gone = paths[0] if links is Links.SKIP else gone
    gone.unlink(missing_ok=True)
    gone.symlink_to(leads_to)
    handle.retry_failed()
    local.finish(handle)
    shown = {one.item.name.rpartition("/")[2]: one.note for one in handle.items([ItemState.SKIPPED])}
    assert shown.get(gone.name, "") == note
    assert any(key.endswith(gone.name) for key in local.listed()) == (not note)


def test_a_chosen_link_is_followed_where_links_are(tmp_path: Path, linked: Path) -> None:
    chosen = tmp_path / "chosen"
    chosen.symlink_to(linked)
    assert [found.what for found in walk(str(chosen))] == [What.LINK]
    assert files(chosen, TreeChoice(links=Links.INSIDE)) == {"g", "real/f", "to_file", "to_folder/f"}


def test_patterns_see_what_a_followed_link_leads_to(linked: Path) -> None:
    choice = TreeChoice(exclude=("to_folder/", "nowhere", "itself"), links=Links.INSIDE)
    assert {found.what for found in walk(str(linked), choice)} >= {What.FOLDER_LEFT_OUT, What.LEFT_OUT}
    assert files(linked, choice) == {"g", "real/f", "to_file"}


def test_folders_full_of_links_to_each_other_end(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"set/d{number}").mkdir(parents=True)
        for other in range(8):
            (tmp_path / f"set/d{number}/to{other}").symlink_to(tmp_path / f"set/d{other}")
    found = list(walk(str(tmp_path / "set"), TreeChoice(links=Links.INSIDE)))
    assert {one.note for one in found} == {"symbolic link in a circle", "behind too many symbolic links"}
