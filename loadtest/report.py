"""The report of a run: one HTML file with its plots inside, readable by anyone who was not there."""

from __future__ import annotations

import html
import io
import time
from collections import Counter
from collections.abc import Sequence
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
td.n { text-align: right; font-variant-numeric: tabular-nums }
.good { color: #2b5746 }
.bad { color: #b3260c; font-weight: 600 }
.verdict { font-size: 20px; padding: 12px 16px; border-radius: 8px; background: #fff; border: 1px solid #e5ded3 }
svg { max-width: 100%; height: auto }
"""


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
        _outcomes(verdicts),
        "<h2>Latency of an attempt</h2>",
        _latencies(answers),
        _histogram(answers),
        "<h2>Timeline</h2>",
        _timeline(plan, lines),
        "<h2>What the platform counted</h2>",
        _table(["figure", "value"], _figures(figures)),
        "<h2>Invariants</h2>",
        _table(
            ["", "invariant", "seen"],
            [["held" if each.held else "BROKEN", each.invariant, each.detail] for each in judgement.findings],
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
    return _table(["outcome", "last word", "keys"], rows)


def _latencies(answers: list[Line]) -> str:
    groups: dict[str, list[float]] = {}
    for line in answers:
        groups.setdefault(f"{line.status} {line.code}".strip(), []).append(line.took * 1000)
    rows = []
    for name, values in sorted(groups.items()):
        values.sort()
        shares = [percentile(values, share) for share in (0.5, 0.9, 0.99, 1.0)]
        rows.append([name, str(len(values)), *(f"{value:.0f}" for value in shares)])
    return _table(["answer", "count", "p50 ms", "p90 ms", "p99 ms", "max ms"], rows)


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
    """Return the figures for reading; the series of each second is left to the timeline."""
    rows = []
    for name, value in figures.items():
        if isinstance(value, dict):
            rows.append([name, ", ".join(f"{key}: {inner}" for key, inner in value.items())])
        elif not isinstance(value, list):
            rows.append([name, "" if value is None else str(value)])
    return rows


def _table(head: list[str], rows: list[list[str]]) -> str:
    def cell(tag: str, text: str) -> str:
        kind = ' class="bad"' if text == "BROKEN" else ' class="good"' if text == "held" else ""
        number = ' class="n"' if tag == "td" and text.replace(".", "").isdigit() else kind
        return f"<{tag}{number}>{html.escape(text)}</{tag}>"

    top = "".join(cell("th", name) for name in head)
    body = "".join("<tr>" + "".join(cell("td", text) for text in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


__all__ = ["Outcome", "percentile", "write"]
