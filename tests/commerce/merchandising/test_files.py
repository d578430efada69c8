"""Spreadsheets: what goes out comes back as it was, and what a stranger made breaks nothing."""

from __future__ import annotations

import asyncio
import html
import io
import re
import zipfile
from typing import Any

import pytest
import python_calamine
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from commerce import stock
from commerce.merchandising import files, sheet
from server.cells import meant, safe
from tests.commerce.catalogue.conftest import Shelf
from tests.commerce.merchandising.sheets import EXPORT, apply, book, exported, send

Staff = dict[str, dict[str, str]]
PRODUCTS = "/api/v1/backoffice/products"


async def test_what_goes_out_comes_back_as_it_was(shelf: Shelf, staff: Staff) -> None:
    for language in ("zh-CN", "en"):
        raw = await exported(shelf, staff["admin"] | {"Accept-Language": language})
        rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0).to_python()
        assert rows[0][0] == {"zh-CN": "货号", "en": "SKU code"}[language]
        drawn = await send(shelf, raw, staff["admin"])
        assert (drawn["kind"], drawn["total"], drawn["refused"]) == ("import", 60, 0)
        report = await apply(shelf, drawn["id"], staff["admin"])
        assert (report["same"], report["done"], report["refused"]) == (60, 0, 0), [
            row for row in report["rows"] if row["state"] != "same"
        ][:2]
    own = await exported(shelf, staff["shop2"])
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(own)).get_sheet_by_index(0).to_python()
    assert {row[2] for row in rows[1:]} == {"回声数码"}
    empty = await exported(shelf, staff["shop2"], "?empty=1")
    assert len(python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(empty)).get_sheet_by_index(0).to_python()) == 1


async def test_lines_change_and_add_and_are_the_same_the_second_time(shelf: Shelf, staff: Staff) -> None:
    rows: list[list[Any]] = [
        ["货号", "名称", "分类", "规格", "售价", "划线价", "在库", "商品状态"],
        ["LF-BT-INK-500", "", "", "", 75.5, 0, 42, ""],
        ["NEW-1", "导入的壶", "家居/水杯", "颜色=墨；容量=1L", 88, 99.9, 5, "已下架"],
        ["NEW-2", "导入的壶", "家居/水杯", "颜色=砂；容量=1L", "88.80", "", 6, "已下架"],
    ]
    for done, same in ((2, 0), (0, 2)):
        drawn = await send(shelf, book(rows), staff["shop1"])
        page = await shelf.page(f"/backoffice/batches/{drawn['id']}", headers=staff["shop1"])
        assert ("确认，改 2 件" in page, "没有要改的" in page) == (done == 2, done == 0)
        assert ("/apply" in page) == (done == 2)  # nothing is offered that changes nothing
        report = await apply(shelf, drawn["id"], staff["shop1"])
        assert (report["done"], report["same"], report["refused"]) == (done, same, 0), report
    bottle = await shelf.get(f"{PRODUCTS}/{await shelf.product('bottle')}", headers=staff["admin"])
    sku = next(sku for sku in bottle["skus"] if sku["code"] == "LF-BT-INK-500")
    assert (sku["price"], sku["list_price"], sku["on_hand"]) == (7550, None, 42)
    found = await shelf.get(PRODUCTS, headers=staff["shop1"], params={"q": "导入的壶"})
    [made] = found["items"]
    whole = await shelf.get(f"{PRODUCTS}/{made['id']}", headers=staff["shop1"])
    assert [(sku["code"], sku["price"], sku["on_hand"]) for sku in whole["skus"]] == [
        ("NEW-1", 8800, 5),
        ("NEW-2", 8880, 6),
    ]
    assert whole["spec_names"] == ["颜色", "容量"]


async def test_a_file_of_another_kind_is_told_which_are_taken(shelf: Shelf, staff: Staff) -> None:
    for name in ("说明.txt", "a", "a.csv.pdf"):
        told = await send(shelf, "随便写的\n几行字".encode(), staff["admin"], 422, name)
        assert told["error"]["message"] == "文件不能导入：只支持 .xlsx 和 .csv", name
    await send(shelf, "货号,售价\nLF-BT-INK-500,70".encode(), staff["admin"], name="A.CSV")


async def test_what_a_file_puts_on_sale_has_a_picture(shelf: Shelf, staff: Staff) -> None:
    csv = "货号,名称,分类,规格,售价,商品状态\nNEW-1,导入的壶,家居/水杯,颜色=墨,88,在售".encode()
    drawn = await send(shelf, csv, staff["shop1"], name="a.csv")
    page = await shelf.page(f"/backoffice/batches/{drawn['id']}", headers=staff["shop1"])
    assert "上架前至少放一张图片" in page
    assert "没有要改的" in page


async def test_every_bad_cell_is_named(shelf: Shelf, staff: Staff) -> None:
    csv = (
        "货号,名称,分类,品牌,售价,在库,规格\n"
        "LF-BT-INK-500,,,没有的牌子,abc,-5,\n"
        "B-1,新的,没有的分类,,,,颜色\n"
        "LF-BT-INK-500,,,,,,\n"
        "LF-BT-INK-350,,,,70,,\n"
    ).encode("gb18030")
    drawn = await send(shelf, csv, staff["admin"], name="表.csv")
    assert (drawn["total"], drawn["refused"]) == (2, 2)
    page = await shelf.page(f"/backoffice/batches/{drawn['id']}", headers=staff["admin"])
    for line, column, reason in (
        (2, "品牌", "没有这个品牌"),
        (2, "售价", "写成 49.90 这样的金额"),
        (2, "在库", "库存要是 0 或更多的整数"),
        (3, "分类", "没有这个分类"),
        (3, "规格", "写成 颜色=墨；容量=500ml"),
        (4, "货号", "重复"),
    ):
        assert f"第 {line} 行 {column} {reason}" in page, (line, column)
    csv = (
        "货号,名称,分类,店铺,规格,售价\n"
        "LF-BT-INK-500,,家居/水杯,,,70\nLF-BT-INK-350,,不存在/类,,,60\nLF-BT-INK-750,,家居,,,60\n"
        "Z-1,同名,家居/水杯,凌峰自营,颜色=甲,5\nZ-2,同名,家居/水杯,没有的店,颜色=乙,6\n"
        "Y-1,一样,家居/水杯,凌峰自营,颜色=甲,5\nY-2,一样,家居/水杯,凌峰自营,颜色=乙,6\n"
    ).encode()
    drawn = await send(shelf, csv, staff["admin"], name="a.csv")
    page = await shelf.page(f"/backoffice/batches/{drawn['id']}", headers=staff["admin"])
    for told in ("3 行 分类 没有这个分类", "4 行 分类 请选择最下一级分类", "6 行 店铺 没有这个店铺，或不归你管"):
        assert f"第 {told}" in page
    assert "不一致" not in page
    assert "整件都不导入：第 2, 3, 4 行" in page
    assert "名称相同，当作一件新商品的几个规格" in page
    drawn = await send(shelf, "货号,售价\nLF-BT-INK-500,1\n".encode(), staff["shop2"], name="a.csv")
    assert (drawn["refused"], drawn["rows"][0]["product_id"]) == (1, None)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "＝1", "'=x"])
def test_nothing_that_goes_out_is_a_formula(text: str) -> None:
    assert safe(text)[0] == "'"


async def test_formulas_of_people_are_texts(shelf: Shelf, staff: Staff) -> None:
    bottle = await shelf.product("bottle")
    async with shelf.client.patch(
        f"{PRODUCTS}/{bottle}", json={"title": '=HYPERLINK("http://evil.example")'}, headers=staff["admin"]
    ) as response:
        assert response.status == 200
    raw = await exported(shelf, staff["admin"])
    with zipfile.ZipFile(io.BytesIO(raw)) as made:
        assert b"<f" not in made.read("xl/worksheets/sheet1.xml").replace(b"<formula", b"")
    drawn = await send(shelf, raw, staff["admin"])
    report = await apply(shelf, drawn["id"], staff["admin"])
    assert (report["same"], report["refused"]) == (60, 0)


@given(st.text(alphabet="'=+-@＝a", max_size=6))
def test_what_is_made_safe_comes_back_as_it_was(text: str) -> None:
    assert meant(safe(text)) == text


async def test_units_sold_after_the_export_stay_sold(shelf: Shelf, staff: Staff) -> None:
    sku_id = await shelf.sku("LF-BT-INK-500")
    raw = await exported(shelf, staff["admin"])
    async with shelf.app.database.transaction() as connection:
        assert await stock.allocate(connection, sku_id, 10, "order:1", "system")
        await stock.ship(connection, sku_id, 10, "order:1", "system")
    report = await apply(shelf, (await send(shelf, raw, staff["admin"]))["id"], staff["admin"])
    assert (report["same"], report["refused"]) == (60, 0), report
    head = ["货号", "在库", "导出时在库"]
    for line, state, reason, on_hand in (
        ([8005, 8000], "refused", "导出之后库存动过，请重新导出再改", 7990),
        ([8005, 7990], "done", "", 8005),
        ([8005, 7990], "same", "", 8005),
        ([42, ""], "done", "", 42),
    ):
        drawn = await send(shelf, book([head, ["LF-BT-INK-500", *line]]), staff["admin"])
        report = await apply(shelf, drawn["id"], staff["admin"])
        assert (report["rows"][0]["state"], report["rows"][0]["reason"]) == (state, reason), line
        async with shelf.app.database.connection() as connection:
            [level] = await stock.levels(connection, [sku_id])
        assert level.on_hand == on_hand


async def test_lines_that_mix_two_products_up_are_refused(shelf: Shelf, staff: Staff) -> None:
    for line, reason in (
        (["LF-BT-INK-500", "phone", "手机", ""], "货号和短名不是同一件商品的"),
        (["LF-BT-INK-500", "no-such", "", ""], "货号和短名不是同一件商品的"),
        (["LF-BT-INK-500", "bottle", "", "回声数码"], "商品不能换店铺"),
    ):
        drawn = await send(shelf, book([["货号", "短名", "名称", "店铺"], line]), staff["admin"])
        assert [row["reason"] for row in drawn["rows"]] == [reason]


async def test_figures_are_read_as_they_are_shown(shelf: Shelf, staff: Staff) -> None:
    rows: list[list[Any]] = [["货号", "售价", "在库"], ["LF-BT-INK-500", 123456789.99, 12]]
    rows += [["LF-BT-INK-350", 0.1 + 0.2, 7], [690123456789012, 1, 1]]
    await send(shelf, book(rows), staff["admin"])
    async with shelf.app.database.connection() as connection:
        kept = await connection.fetch("SELECT wanted FROM product_batch_rows ORDER BY id")
    skus = [(sku["code"], sku["price"]) for row in kept for sku in row["wanted"]["skus"]]
    assert skus == [("LF-BT-INK-500", 12345678999), ("LF-BT-INK-350", 30), ("690123456789012", 100)]
    told = await send(shelf, book([["货号", "售价"], [6901234567890123, 1]]), staff["admin"], 422)
    assert "超过 15 位" in told["error"]["message"]
    csv = "货号,售价\nLF-BT-INK-500,0000000000004990.55\n".encode()
    await send(shelf, csv, staff["admin"], name="a.csv")
    async with shelf.app.database.connection() as connection:
        [last] = await connection.fetch("SELECT wanted FROM product_batch_rows ORDER BY id DESC LIMIT 1")
    assert last["wanted"]["skus"][0]["price"] == 499055


async def test_the_sheet_that_people_see_is_read(shelf: Shelf, staff: Staff) -> None:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out)
    hidden, seen = made.add_worksheet(), made.add_worksheet()
    hidden.hide()
    seen.activate()
    seen.set_first_sheet()
    for page, code in ((hidden, "LF-BT-INK-350"), (seen, "LF-BT-INK-500")):
        page.write_row(0, 0, ["货号", "售价"])
        page.write_row(1, 0, [code, 1])
    made.close()
    await send(shelf, out.getvalue(), staff["admin"])
    async with shelf.app.database.connection() as connection:
        wanted = await connection.fetchval("SELECT wanted FROM product_batch_rows")
    assert wanted["skus"][0]["code"] == "LF-BT-INK-500"


async def test_nobody_waits_for_a_connection_while_a_file_is_read(
    shelf: Shelf, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = sheet.rows_of

    async def rows_of(raw: bytes) -> list[list[str]]:
        async with asyncio.timeout(20):  # what the site does beside it ends; the caller's own would not
            while shelf.app.database.usage[1]:
                await asyncio.sleep(0.01)
        return await read(raw)

    monkeypatch.setattr(sheet, "rows_of", rows_of)
    await send(shelf, book([["货号", "售价"], ["X", 1]]), staff["admin"])


async def test_more_than_a_file_holds_comes_as_several(
    shelf: Shelf, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    def codes(raw: bytes) -> list[Any]:
        read = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0)
        return [row[0] for row in read.to_python()[1:]]

    whole = codes(await exported(shelf, staff["shop1"]))
    count = (await shelf.get(PRODUCTS, headers=staff["shop1"]))["total"]
    monkeypatch.setattr(files, "MOST_EXPORTED", 7)
    page = await shelf.page("/backoffice/product-files/export?sort=price", headers=staff["shop1"])
    assert f"共 {count} 件" in page
    addresses = [html.unescape(one) for one in re.findall(r'href="([^"]*part=[0-9]+)"', page)]
    assert len(addresses) == -(-count // 7)
    parts = [await exported(shelf, staff["shop1"], address.removeprefix(EXPORT)) for address in addresses]
    assert [code for part in parts for code in codes(part)] == whole
    async with shelf.client.get(f"{EXPORT}?part=0", headers=staff["shop1"]) as response:
        assert response.status == 404
