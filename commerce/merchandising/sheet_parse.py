"""Reads a spreadsheet that a stranger made, as a program of its own that runs by its path and imports nothing of ours.

Bytes come in on standard input, JSON goes out: the texts of the rows, or why the file is refused. Memory and time have
bounds that the kernel keeps, so that a file that lies about its size ends this process and nothing else.
"""

from __future__ import annotations

import csv
import io
import json
import re
import resource
import sys
import zipfile
from datetime import date, datetime, time, timedelta

import python_calamine

MOST_BYTES = 5 * 1024 * 1024
MOST_UNPACKED = 60 * 1024 * 1024
MOST_ENTRIES = 500
MOST_LINES = 20_000
MOST_COLUMNS = 40
MOST_CELL = 20_000
MOST_TEXT = 10_000_000
"""Characters of all cells: one text that many cells share is written once in the file and comes out of it each time."""
MEMORY = 1024 * 1024 * 1024
SECONDS = 20
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class Refused(Exception):
    """The file is not taken; the reason is a msgid."""


def main() -> None:
    """Read, parse, tell."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    raw = sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        told: dict[str, object] = {"rows": parse(raw)}
    except Refused as problem:
        told = {"refused": str(problem)}
    except MemoryError:
        told = {"refused": "文件展开后太大"}
    sys.stdout.write(json.dumps(told))


def parse(raw: bytes) -> list[list[str]]:
    """Return the texts of a file's rows, the headings first. Raises Refused."""
    if len(raw) > MOST_BYTES:
        raise Refused("文件最大 5 MB")
    if not raw.strip():
        raise Refused("文件是空的")
    if raw.startswith(_OLE):
        raise Refused("不支持旧版 .xls 或加密的文件，请另存为 .xlsx 或 .csv")
    rows = _xlsx(raw) if raw.startswith(_ZIP) else _csv(raw)
    while rows and not any(rows[-1]):
        rows.pop()
    if len(rows) > MOST_LINES + 1:
        raise Refused("最多 20000 行，请分成几个文件")
    if not rows:
        raise Refused("文件是空的")
    if sum(len(cell) for row in rows for cell in row) > MOST_TEXT:
        raise Refused("文件展开后太大")
    return rows


def _csv(raw: bytes) -> list[list[str]]:
    if b"\x00" in raw:
        raise Refused("只支持 .xlsx 和 .csv")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")  # what a Chinese Excel writes
        except UnicodeDecodeError:
            raise Refused("只支持 .xlsx 和 .csv") from None
    csv.field_size_limit(MOST_CELL)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline="")):
            if len(row) > MOST_COLUMNS:
                raise Refused("列太多，最多 40 列")
            rows.append([cell.strip() for cell in row])
            if len(rows) > MOST_LINES + 1:
                break
    except csv.Error:
        raise Refused("文件读不出来") from None
    return rows


def _xlsx(raw: bytes) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            _hold_package(packed)
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(raw))
        seen = [at for at, one in enumerate(book.sheets_metadata) if _seen(one)]
        if not seen:
            raise Refused("文件是空的")
        found = book.get_sheet_by_index(seen[0])
        if found.total_height > MOST_LINES + 1:
            raise Refused("最多 20000 行，请分成几个文件")
        if found.total_width > MOST_COLUMNS:
            raise Refused("列太多，最多 40 列")
        return [[_text(cell) for cell in row] for row in found.to_python(skip_empty_area=False)]
    except (
        python_calamine.CalamineError, zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError,
        KeyError, IndexError, ValueError,
    ):  # fmt: skip
        raise Refused("文件读不出来") from None  # what both say of bytes that lie


def _seen(sheet: python_calamine.SheetMetadata) -> bool:
    """Tell whether people see a sheet: one that is hidden is not what they look at before they send the file."""
    visible = python_calamine.SheetVisibleEnum.Visible
    return sheet.visible == visible and sheet.typ == python_calamine.SheetTypeEnum.WorkSheet


def _hold_package(packed: zipfile.ZipFile) -> None:
    """Raise Refused for a package that unpacks to too much, or brings more than values."""
    entries = packed.infolist()
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise Refused("文件展开后太大")
    names = [entry.filename.lower() for entry in entries]
    if "[content_types].xml" not in names:
        raise Refused("只支持 .xlsx 和 .csv")
    if any("vbaproject" in name or name.endswith(".bin") for name in names):
        raise Refused("文件里有宏，请另存为不带宏的 .xlsx")
    if any("externallink" in name or "embeddings/" in name for name in names):
        raise Refused("文件里有外部链接或嵌入的对象")
    left = MOST_UNPACKED
    for entry in entries:
        with packed.open(entry) as file:  # what an entry says of its size need not be true
            body = file.read(left + 1)
        left -= len(body)
        if left < 0:
            raise Refused("文件展开后太大")
        if entry.filename.lower().startswith("xl/worksheets/") and _FORMULA.search(body):
            raise Refused("文件里有公式，请粘贴为数值再导入")
        if b"<!DOCTYPE" in body[:2000] or b"<!ENTITY" in body[:2000]:
            raise Refused("文件读不出来")


def _text(cell: object) -> str:
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case int() | float() if abs(cell) >= 1e15:
            raise Refused("有超过 15 位的数字，表格软件记不准它，请把那一列设为文本")
        case float():
            return str(int(cell)) if cell.is_integer() else f"{cell:.15g}"
        case datetime() | date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
        case _:
            text = str(cell).strip()
            if len(text) > MOST_CELL:
                raise Refused("有一格太长")
            return text


if __name__ == "__main__":
    main()
