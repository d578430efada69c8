"""Spreadsheets that harm: bombs, lies, formulas, and cells that take long to read."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from commerce.merchandising import sheet_parse
from commerce.merchandising.sheet import products
from commerce.merchandising.sheet_known import Known
from commerce.merchandising.types import Choices
from tests.commerce.catalogue.conftest import Shelf
from tests.commerce.merchandising.sheets import book, send

Staff = dict[str, dict[str, str]]


def packed(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, body in entries.items():
            made.writestr(name, body)
    return out.getvalue()


def lying(raw: bytes, size: int) -> bytes:
    """Return a package whose directory says that everything in it is ``size`` bytes."""
    made = bytearray(raw)
    at = made.find(b"PK\x01\x02")
    while at >= 0:
        made[at + 24 : at + 28] = size.to_bytes(4, "little")
        at = made.find(b"PK\x01\x02", at + 4)
    return bytes(made)


def hostile() -> list[tuple[bytes, str]]:
    """Return files and why they are refused; made when they are wanted, as it takes a second."""
    bomb = packed({"[Content_Types].xml": b"", "xl/worksheets/sheet1.xml": b"\0" * 200_000_000})
    return [
        (b"", "文件是空的"),
        (b"  \n ", "文件是空的"),
        (b"\x00\x01\x02" * 100, "只支持 .xlsx 和 .csv"),
        (b"\xff\xfe\xfa\xfb" * 10, "只支持 .xlsx 和 .csv"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "不支持旧版 .xls 或加密的文件，请另存为 .xlsx 或 .csv"),
        (b"PK\x03\x04" + b"x" * 600, "文件读不出来"),
        (packed({"a.txt": b"x"}), "只支持 .xlsx 和 .csv"),
        (bomb, "文件展开后太大"),
        (lying(bomb, 10), "文件读不出来"),
        (packed({f"{at}": b"" for at in range(600)}), "文件展开后太大"),
        (packed({"[Content_Types].xml": b"", "xl/vbaProject.bin": b"x"}), "文件里有宏，请另存为不带宏的 .xlsx"),
        (packed({"[Content_Types].xml": b"", "xl/externalLinks/a.xml": b"x"}), "文件里有外部链接或嵌入的对象"),
        (packed({"[Content_Types].xml": b'<!DOCTYPE a [<!ENTITY b "c">]>'}), "文件读不出来"),
        (book([["货号", "售价"], ["X", "=1+1"]]), "文件里有公式，请粘贴为数值再导入"),
        (b"a," * 60 + b"\n", "列太多，最多 40 列"),
        (b"x\n" * 1_000_000, "最多 20000 行，请分成几个文件"),
        (b'"' + b"x" * 30_000 + b'"', "文件读不出来"),
        (b"x" * (sheet_parse.MOST_BYTES + 1), "文件最大 5 MB"),
        ("货号,颜色怪\nX,1\n".encode(), "有不认识的列名，请用导出的表头"),
        ("货号,货号\nX,1\n".encode(), "有重复的列"),
        ("名称,售价\nX,1\n".encode(), "缺少“货号”这一列"),
        ("货号,售价\n".encode(), "文件是空的"),
    ]


async def test_hostile_files_are_refused_with_a_reason(shelf: Shelf, staff: Staff) -> None:
    for raw, reason in hostile():
        told = await send(shelf, raw, staff["admin"], 422)
        assert (told["error"]["code"], told["error"]["message"]) == ("sheet_refused", f"文件不能导入：{reason}"), raw[
            :40
        ]
    rows: list[list[Any]] = [["货号", "售价"], *([f"X-{at}", 1] for at in range(21_000))]
    told = await send(shelf, book(rows, constant_memory=True), staff["admin"], 422)
    assert "最多 20000 行" in told["error"]["message"]
    wide: list[list[Any]] = [["货号", *("" for _ in range(16_000)), "售价"]]
    told = await send(shelf, book(wide), staff["admin"], 422)
    assert "列太多" in told["error"]["message"]
    drawn = await send(shelf, book([["货号", "售价"], ["X", 1]]), staff["admin"])
    assert drawn["refused"] == 1


async def test_one_text_in_many_cells_is_a_bomb_too(shelf: Shelf, staff: Staff) -> None:
    raw = book([["货号", "正文"], *([f"X-{at}", "长" * 19_000] for at in range(1_000))])
    assert len(raw) < 100_000
    told = await send(shelf, raw, staff["admin"], 422)
    assert "文件展开后太大" in told["error"]["message"]


def test_a_cell_of_spaces_takes_no_time() -> None:
    known = Known.of({}, {}, {}, Choices(categories=[], brands=[], shops=[]))
    [row] = products([["货号", "分类"], ["X", "a" + " " * 1_000_000 + "b"]], known)  # quadratic: half an hour
    assert row.reason
