"""An artifact's documentation: where it is found, what of its Markdown is left, and that nothing hostile gets through."""

from __future__ import annotations

import pytest

from artifact_browser.catalog.documentation import MAX_BYTES, find_documentation
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.markdown_text import (
    MAX_BLOCK_WEIGHT,
    MAX_BLOCKS,
    BlockKind,
    MarkdownText,
    Run,
    checked_href,
    parse_markdown,
    weight_of,
)
from artifact_browser.storage.driver import Driver

_README = """# Atlas *of* cells

See [the site](https://example.org/a_b) or [mail](mailto:a@example.org).
**Bold** and `code`, ~~gone~~.

> quoted
> > twice

3. three
4. four
   - inside

```
x = 1
y = 2
```

| a | b |
|---|---|
| 1 | 2 |

---
"""


def test_markdown_becomes_blocks() -> None:
    blocks = parse_markdown(_README).blocks
    assert [(block.kind.value, block.level, block.indent, block.quote, block.marker) for block in blocks] == [
        ("heading", 1, 0, 0, ""),
        ("paragraph", 0, 0, 0, ""),
        ("paragraph", 0, 0, 1, ""),
        ("paragraph", 0, 0, 2, ""),
        ("paragraph", 0, 1, 0, "3."),
        ("paragraph", 0, 1, 0, "4."),
        ("paragraph", 0, 2, 0, "\u2022"),
        ("code", 0, 0, 0, ""),
        ("code", 0, 0, 0, ""),
        ("table", 0, 0, 0, ""),
        ("rule", 0, 0, 0, ""),
    ]
    assert blocks[0].runs == (Run("Atlas "), Run("of", italic=True), Run(" cells"))
    assert [(run.text, run.href) for run in blocks[1].runs if run.href] == [
        ("the site", "https://example.org/a_b"),
        ("mail", "mailto:a@example.org"),
    ]
    assert Run("Bold", bold=True) in blocks[1].runs
    assert Run("code", code=True) in blocks[1].runs
    assert Run("gone", struck=True) in blocks[1].runs
    assert [[cell[0].text for cell in row] for row in blocks[9].rows] == [["a", "b"], ["1", "2"]]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>\n\n<b>x</b> <img src=x onerror=y>",
        "[x](javascript:alert(1)) [y](file:///etc/passwd) [z](data:text/html,x) [v](vbscript:x) [r](../../x) [s](//h/x)",
        "![a picture](https://tracker.example/x.png) ![b](file:///etc/passwd)",
        "<javascript:alert(1)> <file:///etc/passwd>",
    ],
)
def test_nothing_of_it_leads_anywhere_or_is_html(text: str) -> None:
    runs = [run for block in parse_markdown(text).blocks for run in block.runs]
    assert runs
    assert all(run.href == "" for run in runs)
    shown = "".join(run.text for run in runs)
    assert "<script>" in shown or "alert" in shown or "picture" in shown


def test_lists_begin_where_they_say_and_broken_tables_are_text() -> None:
    blocks = parse_markdown("0. zero\n1. one\n\n| |\n|-|\n\n|\n|-\n").blocks
    assert [block.marker for block in blocks[:2]] == ["0.", "1."]
    assert all(len(block.rows[0]) >= 1 for block in blocks if block.kind is BlockKind.TABLE)


def test_links_are_ascii_and_say_what_they_are() -> None:
    (block,) = parse_markdown("[x](https://ex\u0430mple.org/\u202efoo) [y](http://a b) [z](HTTPS://A.example)").blocks
    hrefs = [run.href for run in block.runs if run.href]
    assert hrefs[0].startswith("https://xn--exmple-4nf.org/%E2%80%AE")
    assert all(href.isascii() for href in hrefs)
    assert checked_href("https://a.example/\u00e9") == ""
    assert checked_href("https://a.example/ x") == ""
    assert checked_href("https://a.example/" + "x" * 5000) == ""


@pytest.mark.parametrize(
    "text",
    [
        ">" * 10_000 + " deep",
        "".join(">" * depth + " x\n" for depth in range(600)),
        "- " * 5000 + "x",
        "|a|b|\n|-|-|\n" + "|x|y|\n" * 20_000,
        "|a" * 5000 + "\n" + "|-" * 5000 + "\n" + "|b" * 5000,
        "# x\n" * 20_000,
        "word " * 80_000,
        "x" * MAX_BYTES,
        "\U0001f600" * 50_000,
        ("a" + "\u0301" * 50) * 2000,
        "`a" * 8000,
        "[a](https://a.example/) " * 3000,
        "```\n" + "x = 1\n" * 20_000,
    ],
)
def test_what_is_put_down_is_bounded(text: str) -> None:
    found = parse_markdown(text)
    assert 0 < len(found.blocks) <= MAX_BLOCKS
    for block in found.blocks:
        runs = [*block.runs, *(run for row in block.rows for cell in row for run in cell)]
        assert sum(weight_of(run.text) + 30 for run in block.runs) <= MAX_BLOCK_WEIGHT + 30
        assert len(runs) <= 1000
    if len(text) > 500_000:
        assert found.cut or found.blocks[-1].kind is BlockKind.PARAGRAPH


def test_what_takes_too_long_is_shown_as_it_is() -> None:
    found = parse_markdown("[" * 20_000, seconds=0.2)
    assert found.plain
    assert _text(found).startswith("[[[[")


def test_a_long_text_says_all_its_letters_once() -> None:
    words = " ".join(f"word{number}" for number in range(5000))
    found = parse_markdown(words)
    assert not found.cut
    assert "".join(run.text for block in found.blocks for run in block.runs) == words
    assert all(block.goes_on for block in found.blocks[1:])


def test_the_readme_beside_the_manifest(driver: Driver, zoo: Place) -> None:
    assert find_documentation(driver, zoo, {}) is None
    driver.put(zoo.bucket, zoo.file_key("README.md"), b"\xef\xbb\xbf# Hi\r\nthere \xff")
    found = find_documentation(driver, zoo, {})
    assert found is not None
    assert (found.source, found.cut, _text(found.text)) == ("README.md", False, "Hi\nthere \ufffd")
    driver.put(zoo.bucket, zoo.file_key("readme.MD"), b"other")
    found = find_documentation(driver, zoo, {"files": [{"path": "readme.MD"}]})
    assert found is not None
    assert found.source == "readme.MD"
    driver.put(zoo.bucket, zoo.file_key("README.md"), b"")
    found = find_documentation(driver, zoo, {})
    assert found is not None
    assert found.text.blocks == ()


def test_what_the_manifest_calls_documentation(driver: Driver, zoo: Place) -> None:
    driver.put(zoo.bucket, zoo.file_key("doc/index.md"), b"*Inside*")
    driver.put(zoo.bucket, zoo.file_key("doc/plain.txt"), b"*as it is*")
    driver.put(zoo.bucket, "outside.md", b"not its own")
    wanted = {
        "doc/index.md": ("doc/index.md", "Inside", False),
        "./doc/index.md": ("doc/index.md", "Inside", False),
        "doc/plain.txt": ("doc/plain.txt", "*as it is*", False),
        "doc/none.md": ("doc/none.md", "", True),
        "# A text\nof *its own*": ("", "A text\nof its own", False),
    }
    for named, (source, text, missing) in wanted.items():
        found = find_documentation(driver, zoo, {"documentation": named})
        assert found is not None
        assert (found.source, _text(found.text), found.missing) == (source, text, missing)
    for named in ("../outside.md", "/outside.md", "https://example.org/readme.md", "manifest.yaml", ["x"], 7):
        found = find_documentation(driver, zoo, {"documentation": named})
        assert found is None or (not found.source and _text(found.text) == named)


def test_no_more_than_a_mebibyte_is_read(driver: Driver, zoo: Place) -> None:
    driver.put(zoo.bucket, zoo.file_key("README.md"), b"line\n\n" * (MAX_BYTES // 4))
    found = find_documentation(driver, zoo, {})
    assert found is not None
    assert found.cut
    assert found.size_bytes == MAX_BYTES // 4 * 6


def _text(found: MarkdownText) -> str:
    return "\n".join("".join(run.text for run in block.runs) for block in found.blocks)
