"""The report of a run: figures under their heads, in words and units; green for what was judged alone."""

from __future__ import annotations

import re
from pathlib import Path

from loadtest import report
from loadtest.history import Kind, Line, Outcome, Verdict
from loadtest.judge import Finding, Judgement
from loadtest.plan import Buyer, Plan

FIGURES = {
    "item_id": "26",
    "picture": "/media/demo/umbrella.svg",
    "price": 3950,
    "list_price": 790000,
    "allocated": 2,
    "pay_within_s": 600,
    "attempts": 1216,
    "peak": 1,
    "held": 1,
    "ended_at": None,
    "refused": {"sold_out": 192},
    "per_second": [{"at": "", "attempts": 1, "won": 1}],
}


def test_the_report_reads_in_words_and_units(tmp_path: Path) -> None:
    plan = Plan(
        base_url="http://127.0.0.1:1", item_id="26", stock=2, starts_at=0, ends_at=1, stop_at=1, spread=1, pay=0,
        double=0, seed=1, folder=str(tmp_path), watchers=0, pay_within=600, buyers=[Buyer("a", "", "a")],
    )  # fmt: skip
    lines = [
        Line(at=0.1, kind=Kind.ANSWER, member_id="a", key="k", status=201, order_no="9", took=0.02),
        Line(at=0.2, kind=Kind.ANSWER, member_id="b", key="l", status=409, code="sold_out", took=0.01),
    ]
    judgement = Judgement([Finding("one key gives one order for ever", True, "1 key")], {}, 1)
    found = [Verdict("a", "k", Outcome.WON, "won", frozenset({"9"}))]
    page = report.write(plan, lines, found, judgement, FIGURES).read_text()
    assert '<th class="n">keys</th>' in page
    assert '<td>201 won</td><td class="n">1</td><td class="n">20</td>' in page
    assert "<td>409 sold_out</td>" in page
    rows = dict(re.findall("<tr><td>([^<]*)</td><td>([^<]*)</td></tr>", page))
    assert rows == {
        "price": "¥39.50",
        "price without the sale": "¥7,900.00",
        "given to the sale": "2 units",
        "time to pay": "600 seconds",
        "attempts, double clicks included": "1,216 answers",
        "attempts in the busiest second": "1 answer a second",
        "won and not paid yet": "1 unit",
        "attempts refused: sold_out": "192 answers",
    }
    assert page.count('class="good"') == 1
    assert '<td class="good">held</td><td>one key gives one order for ever</td>' in page
    assert "there are more answers than buyers" in page
