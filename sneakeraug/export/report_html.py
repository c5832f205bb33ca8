"""A sign-off report as one HTML file: pictures inside, nothing asked of any server, no scripts."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape
from typing import Final

from sneakeraug.export import look
from sneakeraug.export.report import Facts, Line, Report, Shown, plain_text
from sneakeraug.wording import chance, likely, percent, points

POLICY: Final = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)

STYLE: Final = f"""
:root {{ color-scheme: light; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: {look.PANEL}; color: {look.TEXT};
  font: 15px/1.5 "Source Sans 3", "Source Sans Pro", "Segoe UI", system-ui, Arial, sans-serif; }}
main {{ max-width: 920px; margin: 32px auto; padding: 40px 48px 48px; background: {look.PAPER};
  border: 1px solid {look.BORDER}; border-radius: 12px; }}
header {{ display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 24px;
  padding-bottom: 14px; border-bottom: 2px solid {look.PRIMARY}; color: {look.QUIET}; }}
header b {{ color: {look.PRIMARY}; font-size: 17px; letter-spacing: -.01em; }}
h1 {{ margin: 30px 0 8px; font-size: 30px; line-height: 1.2; letter-spacing: -.015em; }}
h2 {{ margin: 38px 0 6px; font-size: 19px; line-height: 1.3; }}
p {{ margin: 0 0 8px; max-width: 74ch; }}
.quiet {{ color: {look.QUIET}; font-size: 14px; }}
.panel {{ margin: 18px 0 0; padding: 11px 16px; border-radius: 8px; max-width: none; }}
.demo {{ background: {look.ORANGE_PALE}; color: {look.ORANGE}; }}
.departure {{ background: {look.PRIMARY_PALE}; color: #00507D; }}
.pair {{ display: grid; grid-template-columns: 1fr 1fr; gap: 20px; margin: 24px 0 0; }}
figure {{ margin: 0; }}
figure img {{ display: block; width: 100%; height: 300px; object-fit: contain; padding: 8px;
  border: 1px solid {look.BORDER}; border-radius: 8px; background: {look.PAPER}; }}
figure.chosen img {{ border: 2px solid {look.PRIMARY}; padding: 7px; }}
figcaption {{ margin-top: 8px; color: {look.QUIET}; font-size: 14px; }}
figcaption b {{ color: {look.TEXT}; }}
table {{ width: 100%; border-collapse: collapse; margin-top: 12px; }}
th {{ padding: 6px 10px 6px 0; text-align: left; font-size: 13px; font-weight: 600;
  color: {look.QUIET}; border-bottom: 1px solid {look.BORDER}; }}
td {{ padding: 9px 10px 9px 0; border-bottom: 1px solid {look.BORDER}; vertical-align: middle; }}
tr:last-child td {{ border-bottom: 0; }}
td.rank {{ width: 26px; color: {look.QUIET}; font-variant-numeric: tabular-nums; }}
td.thumb {{ width: 84px; }}
td.thumb img {{ display: block; width: 72px; height: 54px; object-fit: contain; }}
td.bar {{ width: 190px; }}
td.number, th.number {{ text-align: right; white-space: nowrap; }}
td.number {{ font-variant-numeric: tabular-nums; }}
td small {{ display: block; color: {look.QUIET}; font-size: 13px; }}
.mark {{ display: inline-block; margin-left: 6px; padding: 0 8px; border-radius: 10px;
  background: {look.PRIMARY_PALE}; color: #00507D; font-size: 12.5px; font-weight: 600; }}
.mark.barred {{ background: {look.ORANGE_PALE}; color: {look.ORANGE}; }}
.mark.yours {{ background: #EBEEF2; color: {look.QUIET}; }}
.facts {{ display: grid; grid-template-columns: 1fr 1fr; gap: 0 40px; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 5px 18px; margin: 10px 0 0; }}
dt {{ color: {look.QUIET}; }}
dd {{ margin: 0; overflow-wrap: anywhere; }}
ul {{ margin: 10px 0 0; padding-left: 20px; max-width: 80ch; }}
li {{ margin-bottom: 4px; }}
.sign {{ margin-top: 40px; padding: 22px 26px; border: 1px solid {look.BORDER};
  border-radius: 10px; background: {look.PANEL}; }}
.sign h2 {{ margin: 0 0 4px; }}
.sign p {{ white-space: pre-line; }}
.lines {{ display: grid; grid-template-columns: 2fr 1fr; gap: 32px; margin-top: 44px; }}
.lines div {{ border-top: 1px solid {look.MARK}; padding-top: 5px; color: {look.QUIET};
  font-size: 13.5px; }}
@media (max-width: 640px) {{
  main {{ margin: 0; padding: 22px 18px 32px; border: 0; border-radius: 0; }}
  h1 {{ font-size: 25px; }}
  .pair, .facts {{ grid-template-columns: 1fr; }}
  figure img {{ height: auto; max-height: 300px; }}
  td, th {{ padding-right: 6px; }}
  td.number small {{ white-space: normal; }}
  td.bar, th.bar, td.best, th.best {{ display: none; }}
  .mark {{ margin-left: 0; }}
  td.thumb {{ width: 64px; }}
  td.thumb img {{ width: 56px; height: 42px; }}
}}
@media print {{
  @page {{ margin: 14mm; }}
  body, main {{ background: {look.PAPER}; }}
  main {{ margin: 0; padding: 0; border: 0; max-width: none; }}
  tr, figure, .sign, .panel {{ break-inside: avoid; }}
  h2 {{ break-after: avoid; }}
  .panel, .mark, .sign {{ -webkit-print-color-adjust: exact; print-color-adjust: exact; }}
}}
"""

BAR_PX: Final = (180, 18)


def write_html(report: Report) -> bytes:
    """Return a report as a file that opens anywhere, offline; every text in it is escaped."""
    sign = report.sign_off
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n',
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n',
        '<meta name="referrer" content="no-referrer">\n',
        f"<title>Sign-off: {_text(report.title)}</title>\n<style>{STYLE}</style>\n</head>\n",
        "<body>\n<main>\n",
        f"<header><b>sneakeraug</b><span>Sign-off: {_text(report.title)}</span>"
        f"<span>{_text(sign.on)}</span></header>\n",
        f"<h1>{_text(report.head)}</h1>\n<p>{_text(report.rest)}</p>\n",
        f'<p class="quiet"><b>From the catalog:</b> {_text(report.alternate)}</p>\n',
        _panel("departure", report.departure),
        _panel("demo", report.demo),
        '<div class="pair">\n',
        _figure("", report.original, "As it came", ""),
        _figure("chosen", report.chosen, f"To be sent: {report.chosen_name}", report.chosen.alt),
        "</div>\n<h2>Your picture and its five edits</h2>\n",
        f'<p class="quiet">{_text(report.axis_said)}</p>\n',
        _table(report, report.variants, has_best=True),
    ]
    if report.alternates:
        parts += ["<h2>Pictures from the catalog</h2>\n", _table(report, report.alternates, False)]
    parts += [
        '<div class="facts">\n<section><h2>Campaign</h2>',
        _facts(report.campaign),
        "</section>\n<section><h2>The file</h2>",
        _facts(report.file),
        "</section>\n</div>\n<h2>What to know</h2>\n",
        _list(report.notes),
        "<h2>The model</h2>",
        _facts(report.model),
        _figures(report),
        '<p class="quiet" style="margin-top:14px">What it does not know:</p>',
        _list(report.limits),
        '<section class="sign"><h2>Sign-off</h2>\n',
        f"<p>Chosen by <b>{_text(sign.by)}</b> on <b>{_text(sign.on)}</b>: "
        f"<b>{_text(report.chosen_name)}</b>.</p>\n",
        f"<p>{_lines(sign.note)}</p>\n" if sign.note.strip() else "",
        '<div class="lines"><div>Signature</div><div>Date</div></div>\n</section>\n',
        "</main>\n</body>\n</html>\n",
    ]
    return "".join(parts).encode("utf-8")


def _text(text: str) -> str:
    return escape(plain_text(text))


def _lines(text: str) -> str:
    return "\n".join(_text(line) for line in text.splitlines())


def _panel(kind: str, text: str | None) -> str:
    return f'<p class="panel {kind}">{_text(text)}</p>\n' if text else ""


def _image(shown: Shown) -> str:
    data = base64.b64encode(shown.data).decode()
    return (
        f'<img src="data:{escape(shown.mime)};base64,{data}" width="{shown.width}" '
        f'height="{shown.height}" alt="{_text(shown.alt)}">'
    )


def _figure(kind: str, shown: Shown, title: str, note: str) -> str:
    note = f"<br>{_text(note)}" if note else ""
    return (
        f'<figure class="{kind}">{_image(shown)}'
        f"<figcaption><b>{_text(title)}</b>{note}</figcaption></figure>\n"
    )


def _table(report: Report, lines: Iterable[Line], has_best: bool) -> str:
    best = '<th class="number best">Best of six</th>' if has_best else ""
    head = (
        '<thead><tr><th></th><th></th><th>Picture</th><th class="number">Predicted</th>'
        '<th class="bar">Likely</th><th class="number">Against yours</th>'
        f"{best}</tr></thead>\n"
    )
    rows = "".join(_row(report, line, has_best) for line in lines)
    return f"<table>\n{head}<tbody>\n{rows}</tbody>\n</table>\n"


def _row(report: Report, line: Line, has_best: bool) -> str:
    scored = line.scored
    kind = line.mark if line.mark in ("barred", "yours") else ""
    mark = f'<span class="mark {kind}">{_text(line.mark)}</span>' if line.mark else ""
    low, high = scored.difference_interval
    against = (
        "yours"
        if line.is_original
        else f"{points(scored.predicted_difference)}<small>{points(low)} to {points(high)}</small>"
    )
    best = ""
    if has_best:
        best = f'<td class="number best">{chance(line.p_best or 0.0)}</td>'
    return (
        f'<tr><td class="rank">{scored.rank}</td><td class="thumb">{_image(line.shown)}</td>'
        f"<td><b>{_text(line.name)}</b>{mark}<small>{_text(line.note)}</small></td>"
        f'<td class="number">{percent(scored.p)}<small>{_range(scored.interval)}</small></td>'
        f'<td class="bar">{_bar(report, scored.p, scored.interval)}</td>'
        f'<td class="number">{against}</td>{best}</tr>\n'
    )


def _range(interval: tuple[float, float]) -> str:
    return f"{percent(interval[0])} to {percent(interval[1])}"


def _bar(report: Report, p: float, interval: tuple[float, float]) -> str:
    """A range on the report's axis, with the original's place, as SVG."""
    width, height = BAR_PX
    middle = height / 2

    def x(value: float) -> float:
        return round(7 + (width - 14) * report.place(value), 1)

    left, right = x(interval[0]), x(interval[1])
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{_text(likely(interval))}">'
        f'<line x1="0" x2="{width}" y1="{middle}" y2="{middle}" stroke="{look.TRACK}" '
        'stroke-width="2"/>'
        f'<line x1="{x(report.p_original)}" x2="{x(report.p_original)}" y1="1" '
        f'y2="{height - 1}" stroke="{look.MARK}" stroke-width="1.5"/>'
        f'<line x1="{left}" x2="{max(right, left + 1)}" y1="{middle}" y2="{middle}" '
        f'stroke="{look.BAR}" stroke-width="6" stroke-linecap="round"/>'
        f'<circle cx="{x(p)}" cy="{middle}" r="5.5" fill="{look.PRIMARY}" stroke="{look.PAPER}" '
        'stroke-width="1.5"/></svg>'
    )


def _facts(facts: Facts) -> str:
    rows = "".join(f"<dt>{_text(what)}</dt><dd>{_text(said)}</dd>" for what, said in facts)
    return f"<dl>{rows}</dl>\n"


def _figures(report: Report) -> str:
    rows = "".join(
        f"<tr><td>{_text(what)}<small>{_text(over)}</small></td>"
        f'<td class="number">{_text(value)}</td></tr>\n'
        for what, value, over in report.figures
    )
    head = '<thead><tr><th>Measured</th><th class="number">Value</th></tr></thead>'
    return f"<table>{head}<tbody>\n{rows}</tbody></table>\n" if rows else ""


def _list(sentences: Iterable[str]) -> str:
    items = "".join(f"<li>{_text(sentence)}</li>" for sentence in sentences)
    return f"<ul>{items}</ul>\n" if items else '<p class="quiet">Nothing in particular.</p>\n'
