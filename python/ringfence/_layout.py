"""Lines of text in a terminal: wrapped where Chinese and English may be broken, with hanging margins and columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len
from rich.text import Text

__all__ = ["columns", "hanging", "wrap"]

# What may not begin a line, and what may not end one (kinsoku, 避头尾).
_CLOSING = "，。、；：！？）」』】》…,.;:!?)]"
_OPENING = "（「『【《(["
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
# A piece that stays together: one wide character, or a run of others, with the marks that belong to it; then spaces.
_PIECE = re.compile(
    rf"[{re.escape(_OPENING)}]*(?:[{_WIDE}]|[^\s{_WIDE}]+?(?=[\s{_WIDE}]|$))?[{re.escape(_CLOSING)}]*\s*", re.DOTALL
)


def wrap(text: Text, width: int) -> list[Text]:
    """The lines of `text`, each at most `width` cells wide unless a single piece is wider."""
    lines: list[Text] = []
    for paragraph in text.split("\n", allow_blank=True):
        begin = end = 0
        for piece in _pieces(paragraph.plain):
            if end > begin and cell_len(paragraph.plain[begin : end + len(piece.rstrip())]) > width:
                lines.append(_trimmed(paragraph[begin:end]))
                begin = end
            end += len(piece)
        lines.append(_trimmed(paragraph[begin:end]))
    return lines


def _pieces(plain: str) -> Iterator[str]:
    at = 0
    while at < len(plain):
        found = _PIECE.match(plain, at)
        piece = found.group() if found is not None and found.group() else plain[at]
        yield piece
        at += len(piece)


def _trimmed(text: Text) -> Text:
    text.rstrip()
    return text


def hanging(text: Text, first: Text, rest: Text, width: int) -> Iterator[Text]:
    """The lines of `text` with one margin before the first and another before the others."""
    margin = first
    for line in wrap(text, width - rest.cell_len):
        yield _trimmed(margin.copy().append_text(line))
        margin = rest


def columns(rows: Sequence[Sequence[Text]], width: int, gap: int = 2) -> list[Text]:
    """Rows in columns as wide as they need to be; the last one takes what is left and is wrapped, and so are others that take over half."""
    needed = [max((cell.cell_len for cell in column), default=0) for column in zip_longest(*rows, fillvalue=Text())]
    widths: list[int] = []
    for need in needed[:-1]:
        widths.append(min(need, max(10, (width - sum(widths)) * 11 // 20)))
    widths.append(max(10, width - sum(widths) - gap * len(widths)))
    lines: list[Text] = []
    for row in rows:
        cells = [wrap(cell, wide) for cell, wide in zip(row, widths, strict=True)]
        for parts in zip_longest(*cells, fillvalue=Text()):
            line = Text()
            for part, wide in zip(parts, widths, strict=True):
                line.append_text(part).append(" " * (wide - part.cell_len + gap))
            lines.append(_trimmed(line))
    return lines
