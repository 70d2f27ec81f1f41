"""The knee: the highest rate of a rising traffic at which the target still holds.

A step is too short to pass for itself. A rate holds if its step does not fail, its own share of late answers is within
the budget, and all steps up to it pass together: lateness does not fall when the rate rises.
"""

from __future__ import annotations

from collections.abc import Sequence

from fixtures.verdict.outcome import Reason, Verdict
from load.measured import measured
from load.parts import Part, Question, latency_part
from load.profiles import Phase
from load.recording import Recording
from load.validity import lags_of, problems_of


def knee_part(recording: Recording, question: Question) -> Part:
    """Pass with the highest rate that holds; fail if already the lowest does not."""
    holds: Phase | None = None
    begin, last = 0.0, Part(Verdict.INCONCLUSIVE, ("no request was measured",), Reason.TOO_FEW_SAMPLES)
    for phase, end in zip(question.profile.phase, question.profile.ends, strict=True):
        if not any(begin <= sample.at_s < end for sample in recording.samples):
            break
        step, last = _judged(recording, question, begin, end), _judged(recording, question, 0.0, end)
        if Verdict.FAIL in {step.verdict, last.verdict}:
            return _broke(holds, phase, step if step.verdict is Verdict.FAIL else last, begins=not begin)
        holds = phase if last.verdict is Verdict.PASS and _within(step) else holds
        begin = end
    if holds is None:
        return last
    return Part(
        Verdict.PASS, (f"{holds.rate:g} calls/s hold, the highest that was shown to", *_open(last)), None, last.clauses
    )


def _broke(holds: Phase | None, phase: Phase, part: Part, *, begins: bool) -> Part:
    """What is said at the first rate that does not hold; with the lowest it `begins`."""
    if holds is None and begins:
        return Part(
            Verdict.FAIL, (f"{phase.rate:g} calls/s, the lowest rate, do not hold", *part.details), settled=True
        )
    if holds is None:
        told = f"{phase.rate:g} calls/s do not hold; at lower rates it was too short to show that they do"
        return Part(Verdict.INCONCLUSIVE, (told, *part.details), Reason.TOO_FEW_SAMPLES, settled=True)
    told = f"the knee: {holds.rate:g} calls/s hold, {phase.rate:g} do not"
    return Part(Verdict.PASS, (told, *part.details), None, part.clauses, settled=True)


def _open(part: Part) -> Sequence[str]:
    """Why higher rates were not shown to hold."""
    return () if part.verdict is Verdict.PASS else part.details


def _judged(recording: Recording, question: Question, begin: float, end: float) -> Part:
    """The run between two times. That the driver gave up later, at too high a rate, is no fault of this part."""
    seen = measured(recording.samples, question.profile, end, begin)
    return latency_part(seen, question, [*problems_of(recording, whole=False), *lags_of(seen.samples)])


def _within(part: Part) -> bool:
    """Whether no more than the budget was late, as far as it was seen."""
    return all(clause.spread.share <= clause.claim.budget for clause in part.clauses)
