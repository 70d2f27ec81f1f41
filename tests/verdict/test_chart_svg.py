"""Charts in the report: escaped, told in words, in place."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from fixtures.verdict.chart import Axis, Band, Chart, Mark, Point, Series, Tick, chart_of
from fixtures.verdict.criterion import Criterion
from fixtures.verdict.outcome import Verdict
from fixtures.verdict.reports.chart_svg import HEIGHT, WIDTH, chart_svg
from fixtures.verdict.reports.report_html import report_html
from fixtures.verdict.result import CriterionResult, Judgement, Run

HOSTILE = '</svg><script>alert(1)</script> \x00 & "'
SVG = "{http://www.w3.org/2000/svg}"


def chart(title: str = "Title", *, log: bool = False) -> Chart:
    return Chart(
        title=title,
        says=f"says {title}",
        x=Axis(title, 0, 10, [Tick(0, "0"), Tick(10, title)]),
        y=Axis(title, 1, 100, [Tick(1, "1"), Tick(10, "10"), Tick(100, "100")], log=log),
        series=[
            Series(title, form, [Point(1, 1), Point(5, 10), Point(20, 1000)])
            for form in ("line", "steps", "dots", "bars")
        ],
        marks=[Mark(10, title), Mark(1000, "beyond")],
        bands=[Band(2, 4, title)],
    )


def drawn(made: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(chart_svg(made))


def test_hostile_words_stay_words() -> None:
    """Parsed as XML, there are no elements but those of the drawing."""
    names = {element.tag for element in drawn(chart(HOSTILE)).iter()}
    assert names <= {"svg", "title", "desc", "rect", "line", "text", "path", "circle"}


def test_it_is_told_in_words() -> None:
    """For who can't see it."""
    svg = drawn(chart())
    assert "img" == svg.get("role")
    named = {element.get("id"): element.text for element in svg.iter() if element.get("id")}
    assert ["Title", "says Title"] == [named[id_] for id_ in str(svg.get("aria-labelledby")).split()]


@pytest.mark.parametrize(("log", "y"), [(True, HEIGHT / 2), (False, HEIGHT)])
def test_places(log: bool, y: float) -> None:  # noqa: FBT001  # a parameter of the test
    """A factor of ten is half the height of two factors of ten; what is beyond an end is drawn at it."""
    circles = [(float(c.get("cx", 0)), float(c.get("cy", 0))) for c in drawn(chart(log=log)).iter("circle")]
    assert circles[1][1] < y
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in circles)


def test_a_mark_beyond_the_axis_is_not_drawn() -> None:
    """At the edge it would say that it is there."""
    assert "beyond" not in {element.text for element in drawn(chart()).iter()}


def test_there_and_back() -> None:
    """Through `verdict.json`."""
    assert chart() == chart_of(json.loads(json.dumps(chart().as_json())))


def test_report_shows_it_and_runs_nothing() -> None:
    """Inline, not among the raw observations."""
    criterion = Criterion("a.b", "T", "S", "R")
    run = Run("t", "now", results=[CriterionResult(criterion, Judgement(Verdict.PASS), 0, [chart(HOSTILE).as_json()])])
    html = report_html(run)
    assert 1 == html.count("<svg")
    assert "<script" not in html
    assert '"kind": "chart"' not in html
