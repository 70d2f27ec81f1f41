"""The ways in which pytest-bdd is green without checking anything (facts: pytest.md 1.3), each closed."""

from __future__ import annotations

from tests.lints import repeated_steps, worthless_steps
from tests.project import BLUE, STEPS, Project


def test_healthy_project_is_go(project: Project) -> None:
    """The control for all that follows."""
    run = project.run()
    assert 0 == run.exit_status, run.output
    assert "go" == run.document["verdict"]


def test_t1_two_scenarios_of_one_name(project: Project) -> None:
    """pytest-bdd runs only the last; the gate notices that the first is missing."""
    project.criteria("sky.blue", "sky.also")
    project.feature(BLUE + BLUE.replace("@sky.blue", "@sky.also"))
    run = project.run()
    assert 1 == run.exit_status
    assert "scenario name 'The sky is blue' is used more than once" in run.output
    assert "was not collected: sky.blue would go unjudged" in run.output


def test_t1_across_rules(project: Project) -> None:
    """The same under two `Rule:`s, with one criterion for both: the count shows it."""
    rule = "  Rule: {}\n" + BLUE.replace("\n  ", "\n    ")
    project.feature(rule.format("one") + rule.format("two"))
    run = project.run()
    assert 1 == run.exit_status
    assert "was not collected" in run.output


def test_t2_async_step(project: Project) -> None:
    """It is never awaited, and must not pass."""
    project.write("steps/test_a.py", STEPS.replace("def blue(colour): expect(", "async def blue(colour): expect("))
    run = project.run()
    assert 1 == run.exit_status, run.output


def test_t3_scenario_without_steps(project: Project) -> None:
    """It could not fail."""
    project.feature("  @sky.blue\n  Scenario: Nothing\n")
    run = project.run()
    assert 1 == run.exit_status
    assert "'Nothing' has no Then, so it could not fail" in run.output


def test_t4_feature_that_nothing_binds(project: Project) -> None:
    """Nobody calls scenarios() for it."""
    project.criteria("sky.blue", "sea.blue")
    project.feature(BLUE.replace("sky", "sea"), name="b")
    run = project.run()
    assert 1 == run.exit_status
    assert "features/b.feature" in run.output
    assert "was not collected: sea.blue would go unjudged" in run.output


def test_t5_two_definitions_of_one_step() -> None:
    """The last one would win silently; found in the source."""
    twice = STEPS + '@then("it is blue")\ndef blue_again(): pass\n'
    assert ['then "it is blue"'] == repeated_steps([twice])
    assert [] == repeated_steps([STEPS])


def test_t6_then_that_returns_false() -> None:
    """It would pass; a Then has to judge."""
    idle = STEPS + '@then("it is nice")\ndef nice(colour): return colour == "blue"\n'
    assert ["nice judges nothing"] == worthless_steps(idle)
    assert [] == worthless_steps(STEPS)


def test_t7_all_skipped(project: Project) -> None:
    """pytest exits 0; nothing was judged."""
    project.write("steps/test_a.py", STEPS.replace("def look(): ", "def look(): __import__('pytest').skip('no sky'); "))
    run = project.run()
    assert 20 == run.exit_status, run.output
    assert "undecided" == run.document["verdict"]
    assert "skipped, so not judged: no sky" == run.criteria["sky.blue"]["detail"]


def test_t8_repeated_example_row(project: Project) -> None:
    """Only strict mode minds; it is on."""
    outline = """
  @sky.<what>
  Scenario Outline: The sky is <what>
    When the sky is looked at
    Then it is <what>
    Examples:
      | what |
      | blue |
      | blue |
"""
    project.feature(outline)
    assert 0 != project.run().exit_status


def test_t9_unregistered_tag(project: Project) -> None:
    """A tag is a criterion or a registered marker."""
    project.feature(BLUE.replace("@sky.blue", "@sky.blue @contrat"))
    assert 0 != project.run().exit_status


def test_untagged_scenario(project: Project) -> None:
    """Its outcome would count for nothing."""
    project.feature(BLUE + BLUE.replace("@sky.blue", "").replace("The sky is", "It is"))
    run = project.run()
    assert 1 == run.exit_status
    assert "has no criterion tag" in run.output


def test_criterion_without_check(project: Project) -> None:
    """A statement of the checklist that nothing judges is not silently agreed to."""
    project.criteria("sky.blue", "sky.high")
    run = project.run()
    assert 1 == run.exit_status
    assert "criterion sky.high has no check" in run.output


def test_check_of_unknown_criterion(project: Project) -> None:
    """A misspelt tag."""
    project.feature(BLUE.replace("@sky.blue", "@sky.bleu"))
    run = project.run()
    assert 1 == run.exit_status
    assert "judges sky.bleu, which is not a known one" in run.output
