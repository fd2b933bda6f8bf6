"""Keys that break clients: each is listed, read, copied, linked and deleted exactly as it is."""

from __future__ import annotations

ODD_KEYS = [
    "a//b", "/lead", "//", "/", "trail/", "a///", "a/./b", "a/../c", ".", "..", "../up", "./here", "a/..", "a/.",
    "sp ace", " lead", "trail ", "plus+x", "pct%2Fx", "%", "%zz", "%25", "q?x=1", "h#x", "a&b<c>", "q'q", 'd"q', "a=b",
    "semi;colon", "a,b", "$HOME", "`id`", "*", "[x]", "{y}", "|", "~", "^", "!", "@", "(p)",
    "e\u0301", "\u00e9", "日本語", "🎉", "\u202eexe.txt", "\u200b", "\ufeffbom", "ta\tb", "new\nline", "car\rriage",
    "\x01", "\x7f", "CON", "con", "NUL.txt", "a:b", "x\\y", "C:\\x", "dot.", "trail .", "Case", "case",
    "object", "object/below", "marker/", "x" * 1024, "é" * 512, "deep/" * 204 + "leaf", "-rf", "--", ".hidden",
    "x.tmp", "a\u0000b".replace("\u0000", "\u00a0"), "index.sqlite", "_manifest.yaml", ".artifact-browser",
]  # fmt: skip
