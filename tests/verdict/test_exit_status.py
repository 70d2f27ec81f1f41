"""The run's one answer, from the point of view of who starts it."""

from __future__ import annotations

import pytest

from tests.project import BLUE, STEPS, Project


@pytest.mark.parametrize(
    ("step", "status", "verdict"),
    [
        ("it is blue", 0, "go"),
        ("it is green", 1, "no-go"),
        ("nobody knows", 20, "undecided"),
        ("it does not matter", 20, "undecided"),
        ("the check breaks", 1, "no-go"),
    ],
)
def test_one_check(project: Project, step: str, status: int, verdict: str) -> None:
    """Exit status and verdict belong together."""
    project.outcome(step)
    run = project.run()
    assert status == run.exit_status, run.output
    assert verdict == run.document["verdict"]


def test_failure_outranks_inconclusive(project: Project) -> None:
    """One red is enough."""
    project.criteria("sky.blue", "sky.green", "sky.unknown")
    project.feature(
        BLUE
        + "  @sky.green\n  Scenario: B\n    When the sky is looked at\n    Then it is green\n"
        + "  @sky.unknown\n  Scenario: C\n    When the sky is looked at\n    Then nobody knows\n"
    )
    run = project.run()
    assert (1, "no-go") == (run.exit_status, run.document["verdict"])
    assert {"sky.green"} == run.with_verdict("fail")
    assert {"sky.unknown"} == run.with_verdict("inconclusive")


def test_not_applicable_is_neutral(project: Project) -> None:
    """Beside a pass it changes nothing."""
    project.criteria("sky.blue", "sky.other")
    project.feature(BLUE + "  @sky.other\n  Scenario: B\n    When the sky is looked at\n    Then it does not matter\n")
    assert 0 == project.run().exit_status


def test_advisory_failure_does_not_block(project: Project) -> None:
    """It is told, and the deployment goes."""
    project.criteria("sky.blue", severity='"advisory"')
    project.outcome("it is green")
    run = project.run()
    assert 0 == run.exit_status
    assert "advises       fail" in run.output


def test_harness_error_is_told_as_such(project: Project) -> None:
    """Neither the deployment's failure nor inconclusive."""
    project.outcome("the check breaks")
    run = project.run()
    assert "harness-error" == run.criteria["sky.blue"]["reason"]
    assert "a bug of ours" in run.output


def test_evidence_of_any_type_is_kept(project: Project) -> None:
    """What is no JSON is shown as it prints; the run goes on."""
    step = """
@then("it is kept")
def keep(evidence):
    evidence.attach("odd", raw=b"1", more={1: {2}})
    expect(evidence.entries, expected="", seen="")
"""
    project.write("steps/test_a.py", STEPS + step)
    project.outcome("it is kept")
    run = project.run()
    assert 0 == run.exit_status, run.output
    assert [{"kind": "odd", "raw": "b'1'", "more": {"1": "{2}"}}] == run.criteria["sky.blue"]["evidence"]


def test_broken_teardown_is_a_harness_error(project: Project) -> None:
    """The check passed, but what it left is unknown."""
    fixture = (
        "\nimport pytest\n@pytest.fixture(autouse=True)\ndef leaves():\n    yield\n    raise RuntimeError('left')\n"
    )
    project.write("steps/test_a.py", STEPS + fixture)
    run = project.run()
    assert 1 == run.exit_status
    assert "harness-error" == run.criteria["sky.blue"]["reason"]


def test_nothing_selected_is_not_go(project: Project) -> None:
    """pytest's own status 5, and a report that says undecided."""
    run = project.run("-k", "no.such.criterion")
    assert 5 == run.exit_status
    assert "undecided" == run.document["verdict"]
    assert {"selected": 0, "judged": 0} == run.document["selection"]


def test_stopped_run_is_not_go(project: Project) -> None:
    """`-x` after an inconclusive criterion leaves the rest unjudged."""
    project.criteria("sky.a", "sky.blue")
    project.feature("  @sky.a\n  Scenario: A\n    When the sky is looked at\n    Then nobody knows\n" + BLUE)
    run = project.run("-x")
    assert 0 != run.exit_status
    assert "go" != run.document["verdict"]


def test_selection_by_criterion(project: Project) -> None:
    """The command that the summary prints repeats one criterion."""
    project.criteria("sky.blue", "sky.green")
    project.feature(BLUE + "  @sky.green\n  Scenario: B\n    When the sky is looked at\n    Then it is green\n")
    run = project.run("-k", "sky.blue")
    assert 0 == run.exit_status, run.output
    assert {"selected": 1, "judged": 1} == run.document["selection"]


def test_markers_of_the_record_select(project: Project) -> None:
    """`-m` selects by what the criterion's record says."""
    project.criteria("sky.blue", marks='["contract"]')
    assert 0 == project.run("-m", "contract").exit_status
    assert 5 == project.run("-m", "isolation").exit_status


def test_unknown_marker_is_refused(project: Project) -> None:
    """Instead of selecting nothing."""
    run = project.run("-m", "contrat")
    assert 4 == run.exit_status, run.output
    assert "contrat" in run.output


def test_several_checks_of_one_criterion(project: Project) -> None:
    """The worst counts."""
    project.feature(BLUE + "  @sky.blue\n  Scenario: B\n    When the sky is looked at\n    Then it is green\n")
    run = project.run()
    assert 1 == run.exit_status
    assert {"sky.blue"} == run.with_verdict("fail")


@pytest.mark.parametrize("step", ["it is blue", "it is green", "nobody knows", "the check breaks"])
def test_xdist_gives_the_same_answer(project: Project, step: str) -> None:
    """The controller never sees an item, and says the same."""
    project.outcome(step)
    alone, distributed = project.run(), project.run("-n", "2")
    assert alone.exit_status == distributed.exit_status, distributed.output
    verdicts = [{c["id"]: c["verdict"] for c in run.document["criteria"]} for run in (alone, distributed)]
    assert verdicts[0] == verdicts[1]


def test_collecting_only_judges_nothing(project: Project) -> None:
    """And says nothing."""
    run = project.run("--collect-only")
    assert 0 == run.exit_status
    assert not (run.reports / "verdict.json").exists()


def test_tests_of_the_harness_are_left_alone(project: Project) -> None:
    """A run that concerns no check is plain pytest."""
    project.write("tests/test_plain.py", "def test_plain(): assert True\n")
    run = project.run("tests")
    assert 0 == run.exit_status, run.output
    assert not (run.reports / "verdict.json").exists()


def test_failed_test_beside_checks_is_red(project: Project) -> None:
    """A GO does not cover up a test that failed in the same run."""
    project.write("tests/test_plain.py", "def test_plain(): assert False\n")
    run = project.run(".")
    assert 1 == run.exit_status, run.output


ENDED = """
import os, signal, time
@then("somebody ends the run")
def ended():
    os.kill(os.getpid(), signal.{signal})
    time.sleep(60)
"""
TWO = (
    BLUE
    + """
  @sky.ended
  Scenario: B
    When the sky is looked at
    Then somebody ends the run
"""
)


def test_sigterm_ends_a_run_as_ctrl_c_does(project: Project) -> None:
    """What was judged by then is told, in reports too."""
    project.criteria("sky.blue", "sky.ended")
    project.feature(TWO)
    for name in ("SIGINT", "SIGTERM"):
        project.write("steps/test_a.py", STEPS + ENDED.format(signal=name))
        run = project.run()
        assert (2, "undecided", {"sky.blue"}) == (run.exit_status, run.document["verdict"], {*run.criteria}), run.output


@pytest.mark.parametrize("moment", ["pytest_keyboard_interrupt", "pytest_sessionfinish"])
def test_second_sigterm_does_not_cost_the_reports(project: Project, moment: str) -> None:
    """Service managers send one after SIGINT; the run is ending already."""
    project.write("steps/test_a.py", STEPS + ENDED.format(signal="SIGINT"))
    project.criteria("sky.blue", "sky.ended")
    project.feature(TWO)
    project.write("conftest.py", f"import os, signal\ndef {moment}(): os.kill(os.getpid(), signal.SIGTERM)\n")
    run = project.run()
    assert pytest.ExitCode.INTERRUPTED == run.exit_status, run.output
    assert "undecided" == run.document["verdict"]


def test_killed_run_leaves_no_older_verdict(project: Project) -> None:
    """A GO of yesterday is not this run's."""
    assert 0 == project.run().exit_status
    assert "go" == project.run("--collect-only").document["verdict"]
    project.write("steps/test_a.py", STEPS + ENDED.format(signal="SIGKILL"))
    project.criteria("sky.blue", "sky.ended")
    project.feature(TWO)
    run = project.run()
    assert -9 == run.exit_status
    assert [] == list(run.reports.iterdir())


def test_unusable_report_folder(project: Project) -> None:
    """One line, before anything runs."""
    project.write("reports", "a file")
    run = project.run()
    assert 4 == run.exit_status, run.output
    assert "ERROR: report folder" in run.output
