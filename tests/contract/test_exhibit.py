"""Display objects: what they carry, what they refuse, how their texts and numbers look."""

from __future__ import annotations

import itertools
import json

import pytest

import jcurve
from jcurve.figures import (
    Cell,
    Column,
    Cover,
    Exhibit,
    Lens,
    Row,
    chart,
    compact,
    drag,
    link,
    plotting,
    prose,
    ref,
    strong,
    style,
    table,
    uplift,
    written,
)
from jcurve.figures import curve as curves
from jcurve.figures import svg as drawing
from jcurve.figures.display import KEY, MIME, Displayed, Run
from jcurve.figures.plaintext import breakable, visible
from jcurve.ground.errors import UsageError
from jcurve.ground.numbers import amount
from jcurve.ground.units import UNITS
from tests.support.demo_report import cumulative_chart, statement

HOSTILE = "<script>alert(1)</script> #panic() $x$ \\u{41} *a* _b_ `c` @d <img src=x> ]]> & \"'"


@pytest.fixture(scope="module")
def curve() -> Exhibit:
    return cumulative_chart()


def test_a_bundle_has_html_text_and_content(curve: Exhibit) -> None:
    data, metadata = curve._repr_mimebundle_()
    assert set(data) == {MIME, "text/html", "text/plain"}
    assert metadata == {KEY: {"exhibit": "jcurve", "alt": curve.alt}}
    assert 'role="img"' in data["text/html"]
    assert curve.alt in data["text/html"]
    assert curve.title in data["text/plain"]


@pytest.mark.parametrize("shown", [statement(), prose("a", ["b ", strong("c")])])
def test_content_survives_a_notebook_file(shown: Displayed) -> None:
    data, _ = shown._repr_mimebundle_()
    assert type(shown).model_validate(json.loads(json.dumps(data[MIME]))) == shown


def test_a_chart_survives_a_notebook_file(curve: Exhibit) -> None:
    data, _ = curve._repr_mimebundle_()
    assert Exhibit.model_validate(json.loads(json.dumps(data[MIME]))) == curve


def test_a_record_for_the_results(curve: Exhibit) -> None:
    assert curve.record() == {
        "id": "jcurve",
        "kind": "chart",
        "title": curve.title,
        "alt": curve.alt,
    }


def test_a_chart_is_drawn_again_for_phones() -> None:
    """Half a column wide, panels under one another, with fewer ticks; a half column as it is."""
    case = jcurve.evaluate("base")
    wide, panels = curves.jcurve(Lens(case)), uplift.uplift(Lens(case))
    for shown in (wide, panels):
        assert drawing.size(shown.narrow).width == pytest.approx(82 / 25.4 * 72, abs=0.5)
        assert drawing.size(shown.svg).width > 2 * drawing.size(shown.narrow).width
    assert drawing.size(panels.narrow).height > drawing.size(panels.svg).height
    years = [shown.count(">20") for shown in (wide.svg, wide.narrow)]
    assert 0 < years[1] < years[0]
    assert drag.margin(Lens(case)).narrow == ""
    page = wide.markup()
    assert page.count('role="img"') == 2
    assert 'id="jcurve-narrow-title"' in page


def test_a_chart_drawn_twice_is_the_same() -> None:
    assert cumulative_chart().svg == cumulative_chart().svg


@pytest.mark.parametrize("missing", ["title", "alt", "source"])
def test_a_missing_text_names_the_exhibit(missing: str) -> None:
    with pytest.raises(UsageError, match="exhibit jcurve has no"):
        cumulative_chart(**{missing: "  "})


def test_an_id_that_is_none() -> None:
    with pytest.raises(UsageError, match="id that is none"):
        cumulative_chart(id="J Curve")


def test_the_drawing_is_plain(curve: Exhibit) -> None:
    assert "style=" not in curve.svg
    assert "<style" not in curve.svg
    assert "metadata" not in curve.svg
    assert drawing.size(curve.svg).width == pytest.approx(170 / 25.4 * 72, abs=0.1)
    assert "Trough" in curve.svg, "text stays text"


@pytest.mark.parametrize(
    "inside",
    [
        "<script>1</script>",
        "<foreignObject/>",
        '<g onload="x()"/>',
        '<image href="https://example.org/a.png"/>',
        '<use href="data:text/html,x"/>',
        '<rect fill="url(https://example.org/a)"/>',
        '<a href="#x"/>',
    ],
)
def test_a_drawing_that_is_more_than_one_is_refused(inside: str) -> None:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">{inside}</svg>'
    with pytest.raises(UsageError, match="exhibit x: its SVG holds"):
        drawing.check(svg, "x")


def test_entities_are_refused() -> None:
    with pytest.raises(UsageError, match="entities"):
        drawing.check('<!DOCTYPE svg [<!ENTITY a "b">]><svg viewBox="0 0 1 1"/>', "x")


def test_hostile_text_is_escaped_everywhere(curve: Exhibit) -> None:
    shown: list[Displayed] = [
        Exhibit(
            id="x",
            title=HOSTILE,
            subtitle=HOSTILE,
            svg=curve.svg,
            source=HOSTILE,
            alt=HOSTILE,
            reading=prose(HOSTILE).paragraphs[0],
            notes=(HOSTILE,),
        ),
        prose([HOSTILE, strong(HOSTILE), Run(note=HOSTILE), link(HOSTILE, "javascript:alert(1)")]),
        table(
            [HOSTILE],
            [[HOSTILE]],
            id="t",
            title=HOSTILE,
            source=HOSTILE,
            reading=(),
            notes=[HOSTILE],
        ),
        Cover(title=HOSTILE, kicker=HOSTILE, stale=HOSTILE, status=((HOSTILE, HOSTILE),)),
    ]
    for item in shown:
        html = item.markup()
        assert "<script" not in html
        assert "<img" not in html
        assert 'href="javascript' not in html


def test_characters_that_hide_are_written_out() -> None:
    assert visible("a\u202eb\u0000") == "a[U+202E]b[U+0000]"
    assert visible("中", frozenset({0x61})) == "[U+4E2D]"
    assert visible("e\u0301") == "é"


def test_long_words_may_break_after_their_joints() -> None:
    word = breakable("lever.gain_per_doubling.targeting")
    assert word.replace("\u200b", "") == "lever.gain_per_doubling.targeting"
    assert max(len(part) for part in word.split("\u200b")) <= 24
    assert breakable("A short sentence.") == "A short sentence."


@pytest.mark.parametrize(
    ("value", "style_", "decimals", "text"),
    [
        (-1234.5, "number", 1, "−1,234.5"),
        (-0.04, "number", 1, "0.0"),
        (0.1234, "percent", 1, "12.3%"),
        (-0.5, "percent", 0, "−50%"),
        (2026.0, "plain", 0, "2026"),
        (1.75, "multiple", 2, "1.75x"),
    ],
)
def test_numbers_have_one_style(value: float, style_: str, decimals: int, text: str) -> None:
    assert written(value, style_, decimals) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9.996, "10.0"),
        (6.1e-16, "0"),
        (0.0, "0"),
        (-150.26, "−150"),
        (1_234_567, "1,230,000"),
        (0.01234, "0.0123"),
    ],
)
def test_prose_has_few_digits(value: float, text: str) -> None:
    assert compact(value) == text


@pytest.mark.parametrize("unit", UNITS)
def test_no_unit_turns_a_small_value_into_zero(unit: str) -> None:
    """Nor loses a sign; what is less than a dollar, or a billionth, is left of adding up."""
    for power, sign in itertools.product(range(-12, 13), (1, -1)):
        value = sign * 2.345 * 10.0**power
        text = amount(value, unit, sign=True)
        dollars = abs(value) * {"USD m": 1e6, "USD bn": 1e9}.get(unit, 1.0)
        is_rest = dollars < 1.0 if unit in ("USD m", "USD bn") else abs(value) < 1e-7
        written_out = text.removesuffix(unit)
        assert is_rest or any(digit in written_out for digit in "123456789"), (value, text)
        assert text.startswith(("+" if sign > 0 else "−", "0", "$0"))
    assert amount(0.0, unit, sign=True).removeprefix("$").startswith("0")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.0, "1", "1"),
        (1.02, "index", "1.02"),
        (1.0, "years", "1 year"),
        (-1.0, "quarters", "−1 quarter"),
        (1.0, "million", "1 million"),
        (2.0, "x", "2x"),
        (0.0025, "USD m per H100e", "$2,500 per H100 equivalent"),
        (1.95, "USD per H100e-hour", "$1.95 per H100 equivalent-hour"),
        (71e6, "H100e", "71m H100 equivalents"),
        (300_000, "H100e", "300,000 H100 equivalents"),
        (12.0, "USD m per MW", "$12m per MW"),
        (-3e-4, "USD m", "−$300"),
        (1e-8, "USD m", "$0"),
    ],
)
def test_a_value_in_its_unit(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text


def test_a_number_that_is_none_names_table_row_and_column() -> None:
    with pytest.raises(UsageError, match="exhibit t, row 2, column 'USD bn'"):
        table(
            [Column(label="Year", style="text"), Column(label="USD bn")],
            [["2025", 1.0], ["2026", float("nan")]],
            id="t",
            title="T",
            source="S",
            reading=(),
        )


def test_a_row_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(UsageError, match="exhibit t, row 1: a row of the wrong length"):
        table(["A", "B"], [["1"]], id="t", title="T", source="S", reading=())


def test_a_note_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match="note that does not exist"):
        table(["A"], [[Cell(value="1", note=0)]], id="t", title="T", source="S", reading=())


def test_rows_may_write_their_numbers_otherwise() -> None:
    shown = table(
        [Column(label="USD bn", style="text"), Column(label="2025", decimals=1)],
        [
            ["Revenue", -1.25],
            Row(cells=("Margin", 0.415), style="percent", decimals=1),
            ["None", None],
        ],
        id="t",
        title="T",
        source="S",
        reading=(),
    )
    assert [shown.text(row, 1)[0] for row in shown.rows] == ["−1.2", "41.5%", "–"]


def test_a_table_is_read_by_rows_and_columns() -> None:
    html = statement().markup()
    assert html.count('scope="col"') == 13
    assert html.count('scope="row"') == 8
    assert 'scope="colgroup"' in html
    assert 'scope="rowgroup"' in html


def test_an_unknown_meaning_suggests_one() -> None:
    with pytest.raises(UsageError, match="did you mean 'without'"):
        style.series("witout")


def test_the_house_leaves_matplotlib_as_it_was() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    cumulative_chart()
    assert dict(matplotlib.rcParams) == before


def test_end_labels_keep_their_distance() -> None:
    with style.house():
        figure, axes = style.plot(height=40)
        for index in range(4):
            plotting.line(axes, [0, 1], [0, 1 + index / 1000], "with", f"line {index}")
        plotting.label_ends(axes)
        places = sorted(
            text.xyann[1] + axes.transData.transform((1, 1 + index / 1000))[1] * 72 / figure.dpi
            for index, text in enumerate(axes.texts)
        )
    gaps = [high - low for low, high in itertools.pairwise(places)]
    assert min(gaps) > 8.0


def test_labels_stay_inside_the_drawing() -> None:
    with style.house():
        figure, axes = style.plot(height=40)
        plotting.line(axes, [0, 1], [0, 1], "with", "A label that needs a lot of room to its right")
        plotting.label_ends(axes)
    chart(figure, id="x", title="T", source="S", alt="A", reading="R.")
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= width
    assert box.y1 <= height


def test_a_label_may_hold_anything() -> None:
    with style.house():
        figure, axes = style.plot(height=40)
        plotting.line(axes, [0, 1], [0, 1], "with", "中文 <b>\u202e$x$")
        plotting.point(axes, 0, 0, "中文")
        plotting.label_ends(axes)
    shown = chart(figure, id="x", title="T", source="S", alt="A", reading="R.")
    assert "[U+4E2D]" in shown.svg
    assert "&lt;b&gt;[U+202E]$x$" in shown.svg


def test_every_meaning_can_be_read_as_text() -> None:
    for look in (*style.SERIES.values(), *style.CATEGORIES):
        assert style.readable(look.colour).startswith("#")


def test_series_differ_without_colour() -> None:
    strokes = {
        name: (style.SERIES[name].dash, style.SERIES[name].width)
        for name in ("with", "without", "guided", "judgement", "consensus")
    }
    assert len(set(strokes.values())) == len(strokes)


def test_references_read_as_their_exhibit() -> None:
    assert prose(["see ", ref("jcurve")]).plain() == "see [jcurve]"
