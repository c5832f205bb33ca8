"""A sign-off report as PDF on A4: the same words and pictures as the HTML, in the same order."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Any, Final

from sneakeraug.export import look
from sneakeraug.export.report import Facts, Line, Report, Shown, plain_text
from sneakeraug.wording import chance, percent, points

MARGIN_MM: Final = 17
PADDING_PT: Final = 6
"""Which ReportLab adds inside every page's frame."""

REGULAR, BOLD = "Vera", "VeraBd"
"""Fonts that come with ReportLab and are embedded; they have western and central European
letters, others are shown by their nearest, or as a question mark."""

BAR_PT: Final = (92.0, 12.0)
THUMB_PT: Final = (46.0, 34.0)
PHOTO_MM: Final = (82.0, 50.0)


def write_pdf(report: Report) -> bytes:
    """Return a report as PDF; the same report gives the same bytes."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    _fonts()
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=MARGIN_MM * mm - PADDING_PT,
        rightMargin=MARGIN_MM * mm - PADDING_PT,
        topMargin=22 * mm,
        bottomMargin=19 * mm,
        title=plain_text(f"Sign-off: {report.title}"),
        author=plain_text(report.sign_off.by),
        subject=plain_text(report.head),
        creator="sneakeraug",
        invariant=1,
    )

    def frame(canvas: Any, _document: Any) -> None:
        _frame(canvas, report, A4, mm)

    document.build(
        _story(report, document.width - 2 * PADDING_PT, mm), onFirstPage=frame, onLaterPages=frame
    )
    return buffer.getvalue()


@lru_cache(maxsize=1)
def _fonts() -> frozenset[int]:
    """Make the fonts known, once; the code points they have."""
    from reportlab.lib.fonts import addMapping
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    known: frozenset[int] = frozenset()
    for name in (REGULAR, BOLD):
        font = TTFont(name, f"{name}.ttf")
        registerFont(font)
        known = (
            frozenset(font.face.charToGlyph) if not known else known & set(font.face.charToGlyph)
        )
    for bold in (0, 1):
        for italic in (0, 1):
            addMapping(REGULAR, bold, italic, BOLD if bold else REGULAR)
    return known


def _frame(canvas: Any, report: Report, page: tuple[float, float], mm: float) -> None:
    """Head and foot of every page."""
    width, height = page
    left, right = MARGIN_MM * mm, width - MARGIN_MM * mm
    canvas.saveState()
    canvas.setFont(BOLD, 10.5)
    canvas.setFillColor(look.PRIMARY)
    canvas.drawString(left, height - 15 * mm, "sneakeraug")
    canvas.setFont(REGULAR, 8)
    canvas.setFillColor(look.QUIET)
    title = plain_text(f"Sign-off: {report.title}", _fonts())
    canvas.drawCentredString(width / 2, height - 15 * mm, title[:70])
    canvas.drawRightString(right, height - 15 * mm, plain_text(report.sign_off.on, _fonts())[:40])
    canvas.setStrokeColor(look.PRIMARY)
    canvas.setLineWidth(1.2)
    canvas.line(left, height - 18 * mm, right, height - 18 * mm)
    canvas.setFont(REGULAR, 7.5)
    digest = dict(report.file).get("sha256", "")[:16]
    canvas.drawString(left, 10 * mm, f"Picture {digest}…")
    canvas.drawRightString(right, 10 * mm, f"Page {canvas.getPageNumber()}")
    canvas.restoreState()


def _style(size: float, colour: str = look.TEXT, bold: bool = False, **more: Any) -> Any:
    from reportlab.lib.styles import ParagraphStyle

    return ParagraphStyle(
        f"{size}{colour}{bold}{sorted(more.items())}",
        fontName=BOLD if bold else REGULAR,
        fontSize=size,
        leading=more.pop("leading", size * 1.42),
        textColor=colour,
        **more,
    )


def _paragraph(text: str, style: Any, is_markup: bool = False) -> Any:
    from reportlab.platypus import Paragraph

    return Paragraph(text if is_markup else _text(text), style)


def _text(text: str) -> str:
    return escape(plain_text(text, _fonts()), quote=False)


def _story(report: Report, width: float, mm: float) -> list[Any]:
    """Everything between head and foot."""
    from reportlab.platypus import CondPageBreak, KeepTogether, Spacer

    body, quiet = _style(9), _style(8, look.QUIET)
    item = _style(8.5, leftIndent=9, firstLineIndent=-9, spaceAfter=2)
    title = _style(13, bold=True, spaceBefore=15, spaceAfter=3, leading=17)
    story: list[Any] = [
        _paragraph(report.head, _style(18, bold=True, leading=23, spaceAfter=4)),
        _paragraph(report.rest, body),
        Spacer(1, 3),
        _paragraph(f"<b>From the catalog:</b> {_text(report.alternate)}", quiet, True),
    ]
    for text, fill, colour in (
        (report.departure, look.PRIMARY_PALE, "#00507D"),
        (report.demo, look.ORANGE_PALE, look.ORANGE),
    ):
        if text:
            story += [Spacer(1, 8), _panel(text, fill, colour, width)]
    story += [Spacer(1, 11), _pair(report, width, mm)]
    story += [
        _paragraph("Your picture and its five edits", title),
        _paragraph(report.axis_said, quiet),
        Spacer(1, 4),
        _table(report, report.variants, width, has_best=True),
    ]
    if report.alternates:
        story += [
            CondPageBreak(60 * mm),
            _paragraph("Pictures from the catalog", title),
            _table(report, report.alternates, width, has_best=False),
        ]
    for name, facts in (
        ("Campaign", report.campaign),
        ("The file", report.file),
    ):
        story.append(KeepTogether([_paragraph(name, title), _facts(facts, width)]))
    notes = [_paragraph(f"– {_text(note)}", item, True) for note in report.notes]
    story.append(KeepTogether([_paragraph("What to know", title), *notes]))
    story.append(KeepTogether([_paragraph("The model", title), _facts(report.model, width)]))
    if report.figures:
        story += [Spacer(1, 8), _figures(report, width)]
    if report.limits:
        limits = [_paragraph(f"– {_text(limit)}", item, True) for limit in report.limits]
        story += [Spacer(1, 8), _paragraph("What it does not know:", quiet), *limits]
    return [*story, Spacer(1, 18), KeepTogether(_sign(report, width))]


def _grid(rows: list[list[Any]], widths: list[float], commands: list[tuple[Any, ...]]) -> Any:
    from reportlab.platypus import Table

    plain = [
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 6),
        ("TOPPADDING", (0, 0), (-1, -1), 3.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ]
    return Table(rows, widths, style=[*plain, *commands], hAlign="LEFT")


def _panel(text: str, fill: str, colour: str, width: float) -> Any:
    return _grid(
        [[_paragraph(text, _style(8.5, colour))]],
        [width],
        [
            ("BACKGROUND", (0, 0), (-1, -1), fill),
            ("LEFTPADDING", (0, 0), (-1, -1), 10),
            ("TOPPADDING", (0, 0), (-1, -1), 7),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ("ROUNDEDCORNERS", [5, 5, 5, 5]),
        ],
    )


def _image(shown: Shown, width: float, height: float) -> Any:
    from reportlab.platypus import Image

    scale = min(width / shown.width, height / shown.height)
    return Image(io.BytesIO(shown.data), shown.width * scale, shown.height * scale)


def _pair(report: Report, width: float, mm: float) -> Any:
    """The upload beside what is to be sent."""
    half = width / 2
    size = (min(PHOTO_MM[0] * mm, half - 16), PHOTO_MM[1] * mm)
    quiet = _style(8, look.QUIET)
    captions = [
        _paragraph("<b>As it came</b>", quiet, True),
        _paragraph(
            f'<font name="{BOLD}" color="{look.TEXT}">To be sent: {_text(report.chosen_name)}'
            f"</font><br/>{_text(report.chosen.alt)}",
            quiet,
            True,
        ),
    ]
    return _grid(
        [
            [_image(report.original, *size), "", _image(report.chosen, *size)],
            [captions[0], "", captions[1]],
        ],
        [half - 6, 12, half - 6],
        [
            ("BOX", (0, 0), (0, 0), 0.7, look.BORDER),
            ("BOX", (2, 0), (2, 0), 1.4, look.PRIMARY),
            ("ALIGN", (0, 0), (-1, 0), "CENTER"),
            ("TOPPADDING", (0, 0), (-1, 0), 6),
            ("BOTTOMPADDING", (0, 0), (-1, 0), 6),
            ("LEFTPADDING", (0, 0), (-1, 0), 6),
            ("VALIGN", (0, 1), (-1, 1), "TOP"),
        ],
    )


def _table(report: Report, lines: Iterable[Line], width: float, has_best: bool) -> Any:
    head = _style(7.5, look.QUIET, bold=True)
    right = _style(7.5, look.QUIET, bold=True, alignment=2)
    names = ["", "", "Picture", "Predicted", "Likely", "Against yours"]
    widths = [16.0, THUMB_PT[0] + 8, 0.0, 84.0, BAR_PT[0] + 10, 88.0]
    if has_best:
        names, widths = [*names, "Best"], [*widths, 38.0]
    widths[2] = width - sum(widths)
    rows: list[list[Any]] = [
        [_paragraph(name, right if i in (3, 5, 6) else head) for i, name in enumerate(names)]
    ]
    rows += [_row(report, line, has_best) for line in lines]
    return _grid(
        rows,
        widths,
        [("LINEBELOW", (0, 0), (-1, -2), 0.5, look.BORDER), ("NOSPLIT", (0, 0), (-1, 1))],
    )


def _row(report: Report, line: Line, has_best: bool) -> list[Any]:
    scored = line.scored
    small = f'<font size="7" color="{look.QUIET}">'
    body, right = _style(8.5, leading=11), _style(8.5, leading=11, alignment=2)
    colour = {"barred": look.ORANGE, "yours": look.QUIET}.get(line.mark, look.PRIMARY)
    mark = f' <font size="7" color="{colour}"><b>{_text(line.mark)}</b></font>' if line.mark else ""
    low, high = scored.difference_interval
    against = (
        "yours"
        if line.is_original
        else f"{_text(points(scored.predicted_difference))}<br/>{small}{_text(points(low))} to "
        f"{_text(points(high))}</font>"
    )
    row = [
        _paragraph(str(scored.rank), _style(8.5, look.QUIET)),
        _image(line.shown, *THUMB_PT),
        _paragraph(
            f"<b>{_text(line.name)}</b>{mark}<br/>{small}{_text(line.note)}</font>", body, True
        ),
        _paragraph(
            f"{_text(percent(scored.p))}<br/>{small}{_text(percent(scored.interval[0]))} to "
            f"{_text(percent(scored.interval[1]))}</font>",
            right,
            True,
        ),
        _bar(report, scored.p, scored.interval),
        _paragraph(against, right, True),
    ]
    return [*row, _paragraph(chance(line.p_best or 0.0), right)] if has_best else row


def _bar(report: Report, p: float, interval: tuple[float, float]) -> Any:
    """A range on the report's axis, with the original's place."""
    from reportlab.graphics.shapes import Circle, Drawing
    from reportlab.graphics.shapes import Line as Stroke
    from reportlab.lib.colors import HexColor

    width, height = BAR_PT
    middle = height / 2

    def x(value: float) -> float:
        return 5 + (width - 10) * report.place(value)

    drawing = Drawing(width, height)
    own = x(report.p_original)
    for x1, y1, x2, y2, colour, stroke, cap in (
        (0.0, middle, width, middle, look.TRACK, 1.2, 0),
        (own, 0.0, own, height, look.MARK, 0.8, 0),
        (x(interval[0]), middle, x(interval[1]), middle, look.BAR, 3.6, 1),
    ):
        drawing.add(
            Stroke(
                x1,
                y1,
                x2,
                y2,
                strokeColor=HexColor(colour),
                strokeWidth=stroke,
                strokeLineCap=cap,
            )
        )
    drawing.add(
        Circle(
            x(p),
            middle,
            3.3,
            fillColor=HexColor(look.PRIMARY),
            strokeColor=HexColor(look.PAPER),
            strokeWidth=0.8,
        )
    )
    return drawing


def _facts(facts: Facts, width: float) -> Any:
    name, said = _style(8.5, look.QUIET), _style(8.5, splitLongWords=1)
    rows = [[_paragraph(what, name), _paragraph(text, said)] for what, text in facts]
    return _grid(
        rows,
        [80.0, width - 80.0],
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
        ],
    )


def _figures(report: Report, width: float) -> Any:
    body, quiet = _style(8), _style(7.5, look.QUIET)
    rows = [
        [_paragraph(what, body), _paragraph(value, body), _paragraph(over, quiet)]
        for what, value, over in report.figures
    ]
    return _grid(
        rows,
        [width * 0.42, width * 0.22, width * 0.36],
        [("LINEBELOW", (0, 0), (-1, -2), 0.5, look.BORDER)],
    )


def _sign(report: Report, width: float) -> list[Any]:
    """The box that is signed."""
    sign = report.sign_off
    said = (
        f"Chosen by <b>{_text(sign.by)}</b> on <b>{_text(sign.on)}</b>: "
        f"<b>{_text(report.chosen_name)}</b>."
    )
    note = "<br/>".join(_text(line) for line in sign.note.splitlines())
    inner = width - 32
    lines = _grid(
        [
            [
                _paragraph("Signature", _style(8, look.QUIET)),
                "",
                _paragraph("Date", _style(8, look.QUIET)),
            ]
        ],
        [inner * 0.62, inner * 0.06, inner * 0.32],
        [
            ("LINEABOVE", (0, 0), (0, 0), 0.8, look.MARK),
            ("LINEABOVE", (2, 0), (2, 0), 0.8, look.MARK),
        ],
    )
    return [
        _grid(
            [
                [_paragraph("Sign-off", _style(12, bold=True))],
                [_paragraph(said, _style(9), True)],
                [_paragraph(note, _style(9), True)],
                [""],
                [lines],
            ],
            [width],
            [
                ("BACKGROUND", (0, 0), (-1, -1), look.PANEL),
                ("BOX", (0, 0), (-1, -1), 0.7, look.BORDER),
                ("LEFTPADDING", (0, 0), (-1, -1), 16),
                ("TOPPADDING", (0, 0), (-1, 0), 12),
                ("BOTTOMPADDING", (0, 3), (-1, 3), 22),
            ],
        )
    ]
