"""The files of a run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from fixtures.verdict.criterion import Criterion
from fixtures.verdict.failure_text import failure_text
from fixtures.verdict.finding import Finding, FindingSeverity
from fixtures.verdict.outcome import Reason, Verdict, Violation
from fixtures.verdict.reports import GITHUB_SUMMARY_LIMIT, REPORTS, write_reports
from fixtures.verdict.reports.report_html import report_html
from fixtures.verdict.result import CriterionResult, Judgement, Run
from tests.gate import PROJECT

FINDING = Finding("r", FindingSeverity.BREACH, "public.t", "t.org_id", "summary", "begin; rollback;", "mend")
HOSTILE = "a|b <script> \x00\x1b[31m ]]> & line\nbreak"


def run() -> Run:
    def result(id_: str, judgement: Judgement) -> CriterionResult:
        return CriterionResult(
            Criterion(id_, f"Title {id_}", "Section", "Mend it"), judgement, 0.25, [{"kind": "note"}]
        )

    return Run(
        "reference", "2026-11-22T10:00:00+00:00", 1.5, selected=3, findings=[FINDING.as_json()], unverified=7,
        results=[
            result("a.pass", Judgement(Verdict.PASS)),
            result("a.fail", Judgement(Verdict.FAIL, detail=HOSTILE)),
            result("a.open", Judgement(Verdict.INCONCLUSIVE, Reason.TOO_FEW_SAMPLES, "3 of 59")),
        ],
    )  # fmt: skip


def written(folder: Path) -> Path:
    write_reports(run(), folder, lambda text: text)
    return folder


def test_verdict_json_has_the_stable_form(tmp_path: Path) -> None:
    """Member by member, as others read it."""
    document = json.loads((written(tmp_path) / "verdict.json").read_text())
    assert 1 == document["schema_version"]
    assert ("reference", "no-go", {"selected": 3, "judged": 2}) == tuple(
        document[name] for name in ("target", "verdict", "selection")
    )
    members = [
        "id",
        "title",
        "checklist",
        "severity",
        "verdict",
        "reason",
        "detail",
        "remedy",
        "duration_s",
        "evidence",
        "waiver",
    ]
    assert all(members == list(criterion) for criterion in document["criteria"])
    assert ["pass", "fail", "inconclusive"] == [criterion["verdict"] for criterion in document["criteria"]]
    members = ["rule", "severity", "object", "tenant_path", "summary", "reproduce", "remedy", "fingerprint"]
    assert members == list(document["findings"][0])


def test_fingerprint_depends_on_rule_and_object_only() -> None:
    """Not on words, numbers or severity."""
    other = Finding("r", FindingSeverity.NOTE, "public.t", "x", "y", "z", "w")
    assert FINDING.fingerprint == other.fingerprint
    assert FINDING.fingerprint != Finding("r", FindingSeverity.BREACH, "public.u", "", "", "", "").fingerprint


def test_junit_is_well_formed_and_errs_on_the_safe_side(tmp_path: Path) -> None:
    """Inconclusive is an error, never skipped; control characters of a hostile answer do no harm."""
    suite = ElementTree.parse(written(tmp_path) / "junit.xml").getroot()
    assert ("3", "1", "1") == (suite.get("tests"), suite.get("failures"), suite.get("errors"))
    assert ["too-few-samples"] == [error.get("type") for error in suite.iter("error")]
    assert [] == list(suite.iter("skipped"))


def test_summary_is_safe_markdown(tmp_path: Path) -> None:
    """A table's cell stays a cell, and markup stays text."""
    text = (written(tmp_path) / "summary.md").read_text()
    assert text.startswith("## NO-GO: reference")
    assert "<script>" not in text
    assert "a\\|b" in text
    assert "7 statements have no check yet" in text


def test_html_is_one_file_that_runs_nothing(tmp_path: Path) -> None:
    """What a deployment answered is text in it; nothing is loaded; what blocks is open and comes first."""
    text = (written(tmp_path) / "report.html").read_text()
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert [] == re.findall(r"(?:src|href)=", text)
    assert "default-src 'none'" in text
    assert text.index("a.fail") < text.index("a.open") < text.index("a.pass")
    assert 2 == text.count("<details open>")


def with_evidence(*entries: dict[str, Any]) -> str:
    """The HTML of a run with one criterion that passed."""
    result = CriterionResult(
        Criterion("a.b", "Title", "Section", "Mend it"), Judgement(Verdict.PASS), 0.25, list(entries)
    )
    return report_html(Run("reference", "2026-11-22T10:00:00+00:00", 1.5, selected=1, results=[result]))


MATRIX = {
    "kind": "matrix",
    "clients": ["member of ours", "anonymous <script> client"],
    "letters": {"p": "proven", "B": "breached", "-": "denied by grant", "?": "not judged"},
    "rows": {"public.leads select": "pB", "public.<leads> insert": "-?"},
    "counts": {"proven": 1, "breached": 1, "denied by grant": 1, "not judged": 1},
    "not_judged": {"public.<leads> insert": "why"},
}


def test_html_shows_a_matrix_as_a_table() -> None:
    """A row for each object and operation, a coloured cell for each identity, and how many came to what."""
    text = with_evidence({"kind": "note"}, MATRIX)
    assert ["member of ours", "anonymous &lt;script&gt; client"] == re.findall(r'<th scope="col" title="(.+?)">', text)
    assert ["public.leads select", "public.&lt;leads&gt; insert"] == re.findall(r'<th scope="row">(.+?)</th>', text)
    cells = re.findall(r"<td(.*?)>(.)</td>", text)
    assert ["p", "B", "-", "?"] == [letter for _, letter in cells]
    assert ' class="pass"' == cells[0][0]
    assert ' class="breach" title="anonymous &lt;script&gt; client: breached"' == cells[1][0]
    assert not cells[2][0]
    assert ' class="inconclusive" title="anonymous &lt;script&gt; client: not judged"' == cells[3][0]
    assert "1 proven, 1 breached, 1 denied by grant, 1 not judged" in text
    assert "<script" not in text


def test_html_shows_other_observations_as_they_are() -> None:
    """The live audit's matrix has no identities: it stays JSON, and so does the rest; a matrix is not told twice."""
    text = with_evidence({"kind": "matrix", "counts": {"proven": 1}}, {"kind": "note", "told": "yes"}, MATRIX)
    assert 1 == text.count('<div class="matrix">')
    observations = text[text.index("3 observations") :]
    assert "&#34;told&#34;" in observations
    assert "&#34;proven&#34;: 1" in observations
    assert "member of ours" not in observations


def test_sarif_has_one_result_for_each_finding(tmp_path: Path) -> None:
    """By rule and object, with a place that GitHub can show."""
    [sarif] = json.loads((written(tmp_path) / "findings.sarif").read_text())["runs"]
    assert ["r"] == [rule["id"] for rule in sarif["tool"]["driver"]["rules"]]
    [result] = sarif["results"]
    assert ("r", "error") == (result["ruleId"], result["level"])
    assert {"voxanne/v1": FINDING.fingerprint} == result["partialFingerprints"]
    [place] = result["locations"]
    assert (PROJECT / place["physicalLocation"]["artifactLocation"]["uri"]).exists()
    assert "public.t" == place["logicalLocations"][0]["fullyQualifiedName"]


def test_step_summary_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub drops a summary that is too large, whole."""
    summary = tmp_path / "step"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    write_reports(run(), tmp_path / "reports", lambda text: text + "x" * 2_000_000)
    assert GITHUB_SUMMARY_LIMIT >= len(summary.read_text())


def test_every_file_is_redacted(tmp_path: Path) -> None:
    """As a whole, after rendering."""
    write_reports(run(), tmp_path, lambda text: text.replace("Title", "[hidden]"))
    assert not any("Title" in path.read_text() for path in tmp_path.iterdir())


def test_no_unfinished_file_is_left(tmp_path: Path) -> None:
    """Readers see whole files only."""
    assert REPORTS.keys() == {path.name for path in written(tmp_path).iterdir()}


def test_exchange_is_told_once_for_what_was_seen_in_it() -> None:
    """A failure with three violations in one reply has one command."""
    criterion = Criterion("a.b", "A", "Section", "Mend it")
    seen = [Violation("x", str(number), exchange="curl 1") for number in range(3)]
    judgement = Judgement(Verdict.FAIL, violations=[*seen, Violation("y", "z", exchange="curl 2")])
    text = failure_text("local", criterion, judgement, [{"kind": "exchange", "curl": "curl 3"}])
    assert ["  exchange  curl 1", "  exchange  curl 2"] == [line for line in text.splitlines() if "exchange" in line]
    without = Judgement(Verdict.FAIL, violations=[Violation("x", "y")])
    assert "  exchange  curl 3" in failure_text("local", criterion, without, [{"curl": "curl 3"}])
