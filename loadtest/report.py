"""The report of a run: one HTML file with its plots inside, readable by anyone who was not there."""

from __future__ import annotations

import html
import io
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt  # the backend is chosen before the first import

from loadtest.history import Kind, Line, Outcome, Verdict
from loadtest.judge import Judgement
from loadtest.plan import Plan

_INK, _LOUD, _GOOD, _SOFT = "#221e1a", "#c8371b", "#2b5746", "#a99f90"
_STYLE = """
:root { font: 15px/1.55 "PingFang SC", "Noto Sans CJK SC", system-ui, sans-serif; color: #221e1a; background: #faf7f2 }
body { max-width: 960px; margin: 32px auto; padding: 0 16px }
h1 { font-size: 24px }
h2 { font-size: 18px; margin-top: 36px }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: 6px 10px; border-bottom: 1px solid #e5ded3 }
.n { text-align: right; font-variant-numeric: tabular-nums }
.good { color: #2b5746 }
.bad { color: #b3260c; font-weight: 600 }
.verdict { font-size: 20px; padding: 12px 16px; border-radius: 8px; background: #fff; border: 1px solid #e5ded3 }
svg { max-width: 100%; height: auto }
"""
_WORDS = {201: "won", 202: "queued"}
"""What an answer without a code of its own says."""
_NAMES = {
    "title": "item",
    "specs": "specification",
    "phase": "where the sale stands",
    "price": "price",
    "list_price": "price without the sale",
    "starts_at": "began",
    "ends_at": "to end",
    "ended_at": "ended",
    "limit_per_member": "limit of a member",
    "pay_within_s": "time to pay",
    "allocated": "given to the sale",
    "attempts": "attempts, double clicks included",
    "peak": "attempts in the busiest second",
    "won": "won",
    "held": "won and not paid yet",
    "paid": "paid",
    "expired": "given back: not paid in time, or cancelled",
    "available": "left",
}
"""The platform's figures that a reader wants, in order and in words."""


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` of the sorted ``values`` lie (nearest rank); 0 for none."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def write(
    plan: Plan, lines: list[Line], verdicts: list[Verdict], judgement: Judgement, figures: dict[str, Any]
) -> Path:
    """Write ``report.html`` into the run's folder and return it."""
    answers = [line for line in lines if line.kind is Kind.ANSWER and line.took > 0]
    sections = [
        f"<h1>Flash sale under load · item {html.escape(plan.item_id)}</h1>",
        f"<p>{time.strftime('%Y-%m-%d %H:%M:%S %z', time.localtime(plan.starts_at))} · {len(plan.buyers)} buyers, "
        f"{plan.stock} units, {plan.watchers} watchers · {html.escape(plan.base_url)} · seed {plan.seed}</p>",
        _verdict(judgement),
        "<h2>Outcomes</h2>",
        "<p>One line for each key: what its buyer knows in the end, however often it was sent.</p>",
        _outcomes(verdicts),
        "<h2>Latency of an attempt</h2>",
        "<p>One line for each kind of answer. A buyer who presses twice, or asks again after an answer was lost, sends "
        "the same key more than once, so there are more answers than buyers; a key that has won hears the same 201 "
        "each time.</p>",
        _latencies(answers),
        _histogram(answers),
        "<h2>Timeline</h2>",
        _timeline(plan, lines),
        "<h2>What the platform counted</h2>",
        "<p>Attempts are answers as well, double clicks and repeated keys included; units are units.</p>",
        _table(["figure", "value"], _figures(figures)),
        "<h2>Invariants</h2>",
        _table(
            ["", "invariant", "seen"],
            [["held" if each.held else "BROKEN", each.invariant, each.detail] for each in judgement.findings],
            marks={"held": "good", "BROKEN": "bad"},
        ),
    ]
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Load test</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body>{''.join(sections)}</body></html>"
    )
    path = Path(plan.folder) / "report.html"
    path.write_text(page)
    return path


def _verdict(judgement: Judgement) -> str:
    broken = [finding.invariant for finding in judgement.findings if not finding.held]
    if broken:
        return f'<p class="verdict bad">Broken: {html.escape("; ".join(broken))}</p>'
    words = f"Every invariant held: {judgement.orders} orders, each promised once, books balanced."
    return f'<p class="verdict good">{words}</p>'


def _outcomes(verdicts: list[Verdict]) -> str:
    counts = Counter((verdict.outcome, verdict.code) for verdict in verdicts)
    rows = [[str(outcome), code, str(count)] for (outcome, code), count in sorted(counts.items())]
    return _table(["outcome", "last word", "keys"], rows, numbers={2})


def _latencies(answers: list[Line]) -> str:
    groups: dict[str, list[float]] = {}
    for line in answers:
        word = line.code or _WORDS.get(line.status, "")
        groups.setdefault(f"{line.status} {word}".strip(), []).append(line.took * 1000)
    rows = []
    for name, values in sorted(groups.items()):
        values.sort()
        shares = [percentile(values, share) for share in (0.5, 0.9, 0.99, 1.0)]
        rows.append([name, str(len(values)), *(f"{value:.0f}" for value in shares)])
    return _table(["answer", "count", "p50 ms", "p90 ms", "p99 ms", "max ms"], rows, numbers=set(range(1, 6)))


def _histogram(answers: list[Line]) -> str:
    if not answers:
        return "<p>No attempt was answered.</p>"
    figure, axes = plt.subplots(figsize=(9, 2.6))
    won = [line.took * 1000 for line in answers if line.status == 201]
    rest = [line.took * 1000 for line in answers if line.status != 201]
    axes.hist([rest, won], bins=60, stacked=True, color=[_SOFT, _GOOD], label=["others", "won (201)"])
    axes.set_xlabel("milliseconds")
    axes.set_ylabel("answers")
    axes.legend(frameon=False)
    return _svg(figure)


def _timeline(plan: Plan, lines: list[Line]) -> str:
    step = 0.25
    series: dict[str, Counter[int]] = {"sent": Counter(), "won": Counter(), "refused": Counter(), "unknown": Counter()}
    for line in lines:
        slot = int((line.at - plan.starts_at) // step)
        if line.kind is Kind.SEND:
            series["sent"][slot] += 1
        elif line.kind is Kind.ANSWER and line.took > 0:
            name = "won" if line.status == 201 else "refused" if 400 <= line.status < 500 else "unknown"
            series[name][slot] += 1
    slots = [slot for counter in series.values() for slot in counter]
    if not slots:
        return "<p>Nothing was sent.</p>"
    span = range(min(slots), max(slots) + 1)
    figure, axes = plt.subplots(figsize=(9, 3))
    for name, colour in (("sent", _INK), ("won", _GOOD), ("refused", _SOFT), ("unknown", _LOUD)):
        axes.plot(
            [slot * step for slot in span], [series[name][slot] / step for slot in span], color=colour, label=name
        )
    axes.axvline(0, color=_SOFT, linewidth=0.8)
    axes.set_xlabel("seconds from the start of the sale")
    axes.set_ylabel("per second")
    axes.legend(frameon=False)
    return _svg(figure)


def _svg(figure: Any) -> str:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    out = io.StringIO()
    figure.savefig(out, format="svg")
    plt.close(figure)
    text = out.getvalue()
    return text[text.index("<svg") :]


def _figures(figures: dict[str, Any]) -> list[list[str]]:
    """Return the figures in words and units; the series of each second is left to the timeline."""
    rows = [[words, told] for name, words in _NAMES.items() if (told := _told(name, figures.get(name)))]
    for code, count in figures.get("refused", {}).items():
        rows.append([f"attempts refused: {code}", _count(count, "answer")])
    return rows


def _told(name: str, value: Any) -> str:
    match name, value:
        case _, None | "":
            return ""
        case "price" | "list_price", int():
            return f"¥{value // 100:,}.{value % 100:02d}"
        case "attempts", int():
            return _count(value, "answer")
        case "peak", int():
            return f"{_count(value, 'answer')} a second"
        case "pay_within_s", int():
            return _count(value, "second")
        case _, int():
            return _count(value, "unit")
        case _, dict():
            return ", ".join(f"{key}: {inner}" for key, inner in value.items())
    return str(value)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _table(
    head: list[str], rows: list[list[str]], numbers: Collection[int] = (), marks: Mapping[str, str] | None = None
) -> str:
    """Return a table; ``numbers`` are the columns of figures, ``marks`` the classes of words in the first column."""

    def cell(tag: str, at: int, text: str) -> str:
        mark = "n" if at in numbers else (marks or {}).get(text, "") if at == 0 and tag == "td" else ""
        kind = f' class="{mark}"' if mark else ""
        return f"<{tag}{kind}>{html.escape(text)}</{tag}>"

    top = "".join(cell("th", at, name) for at, name in enumerate(head))
    body = "".join("<tr>" + "".join(cell("td", at, text) for at, text in enumerate(row)) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


__all__ = ["Outcome", "percentile", "write"]
