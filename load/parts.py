"""What a run says of each criterion: claims put to what was measured, and what the clauses come to together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from fixtures.verdict.outcome import Reason, Verdict
from load.clause import Claim, Clause, Risk, clause_of
from load.events import time_limit
from load.measured import Measured, block_s, faulty_blocks, late_blocks
from load.profiles import TrafficProfile
from load.recording import Kind, Sample
from load.validity import Problem

ALL = "all requests"
OF_ALL = 0.8


@dataclass(frozen=True, slots=True)
class Part:
    """What a run says of one criterion. `reason` is set when it is inconclusive; `details` say why, one line each.

    `settled`: of a rising rate, that the first which does not hold was found, so that higher ones need not be tried.
    """

    verdict: Verdict
    details: tuple[str, ...] = ()
    reason: Reason | None = None
    clauses: tuple[Clause, ...] = ()
    settled: bool = False

    def as_json(self) -> dict[str, Any]:
        """For evidence and for the file."""
        clauses = [clause.as_json() for clause in self.clauses]
        return {"verdict": self.verdict, "reason": self.reason, "details": self.details, "clauses": clauses}


class Question(NamedTuple):
    """One claim about one kind of traffic. Late is what takes over `target_s` seconds."""

    claim: Claim
    target_s: float
    risk: Risk
    profile: TrafficProfile


def latency_part(seen: Measured, question: Question, problems: Sequence[Problem]) -> Part:
    """p95, and nothing over what Vapi waits, which takes no statistics."""
    if lost := _lost(seen.samples):
        return Part(Verdict.FAIL, (lost,), clauses=_by_subject(seen, question, felt=True))
    if question.profile.claim == "ceiling":
        return _ceiling_part(seen, question, problems)
    return _share_part(seen, question, problems)


def tail_part(seen: Measured, question: Question, problems: Sequence[Problem]) -> Part:
    """p99, where the traffic is long enough for such a claim at all: not by what was late, but by its plan."""
    if question.profile.claim != "share":
        return Part(Verdict.NOT_APPLICABLE, (f"traffic {question.profile.name} claims nothing about shares",))
    part = _share_part(seen, question, problems)
    unclaimable = [clause.subject for clause in part.clauses if not clause.claimable]
    if part.verdict is Verdict.FAIL or problems or not unclaimable:
        return part
    fact = (
        f"traffic {question.profile.name} is too short to show {question.claim.name}: {seen.seconds:.0f} s without any "
        f"late answer leave more than {question.claim.budget:.0%} possible ({', '.join(unclaimable)})"
    )
    return Part(Verdict.NOT_APPLICABLE, (fact,), clauses=part.clauses)


def error_part(
    seen: Measured, question: Question, problems: Sequence[Problem], sent: Sequence[Sample], *, storm: bool
) -> Part:
    """Wrong and missing answers, whatever their time. Traffic too short to show the share passes without any.

    A run that the driver gave up in a `storm` of errors has failed, also where nothing of what was `sent` is judged.
    """
    profile = question.profile
    blocks = faulty_blocks(seen.samples, block_s(profile.stall_s))
    clause = clause_of(ALL, question.claim, blocks, seen.seconds, profile.stall_s, question.risk)
    if storm:
        stopped = "the load was stopped, for nearly all of the last answers were wrong or missing"
        return Part(Verdict.FAIL, (f"{stopped}: {_in_all(sent)}", *_commonest(sent)), clauses=(clause,))
    if clause.spread.count or not sent:
        details = (clause.describe(), *_commonest(seen.samples))
    else:
        details = (f"nothing was judged by then; wrong or missing: {_in_all(sent)}", *_commonest(sent))
    if clause.verdict is Verdict.FAIL:
        return Part(Verdict.FAIL, details, clauses=(clause,))
    if problems:
        return _invalid(problems, (clause,), () if clause.spread.count else details)
    if clause.spread.count and (not clause.spread.late or clause.verdict is Verdict.PASS):
        return Part(Verdict.PASS, details, clauses=(clause,))
    return Part(Verdict.INCONCLUSIVE, (*details, *_how_long([clause])), Reason.TOO_FEW_SAMPLES, (clause,))


def _share_part(seen: Measured, question: Question, problems: Sequence[Problem]) -> Part:
    """The share of late requests from when they were due; by the server's own time it has to come to the same."""
    felt, sent = _by_subject(seen, question, felt=True), _by_subject(seen, question, felt=False)
    both = list(zip(felt, sent, strict=True))
    if failed := [one for one, other in both if one.verdict is other.verdict is Verdict.FAIL]:
        worst_first = sorted(failed, key=lambda clause: -clause.lower)
        return Part(Verdict.FAIL, tuple(clause.describe() for clause in worst_first), clauses=felt)
    if problems:
        return _invalid(problems, felt)
    for one, other in both:
        if one.verdict is not other.verdict:
            detail = (
                f"{one.subject}: {one.verdict} from when requests were due, {other.verdict} by the server's own time"
            )
            return Part(Verdict.INCONCLUSIVE, (detail,), Reason.GENERATOR_SATURATED, felt)
    if open_ := [clause for clause in felt if clause.verdict is Verdict.INCONCLUSIVE]:
        details = (*(clause.describe() for clause in open_), *_how_long(open_))
        return Part(Verdict.INCONCLUSIVE, details, Reason.TOO_FEW_SAMPLES, felt)
    return Part(Verdict.PASS, tuple(clause.describe() for clause in felt), clauses=felt)


def _ceiling_part(seen: Measured, question: Question, problems: Sequence[Problem]) -> Part:
    """Only that no request was lost: for traffic that is too thin for shares."""
    if problems:
        return _invalid(problems, ())
    missing = [event for event, samples in seen.by_event(question.profile.events) if not samples]
    if missing:
        detail = f"not measured: {', '.join(missing)}"
        return Part(Verdict.INCONCLUSIVE, (detail,), Reason.TOO_FEW_SAMPLES)
    slowest = max(seen.samples, key=lambda sample: sample.latency_s)
    return Part(Verdict.PASS, (f"the slowest of {len(seen.samples)}: {slowest.event}, {slowest.latency_s:.2f} s",))


def _by_subject(seen: Measured, question: Question, *, felt: bool) -> tuple[Clause, ...]:
    """A clause for all requests, for each kind that was planned, and for each clinic.

    Most of the risk of failing wrongly goes to the first: a stall is everybody's, and their sum shows it best.
    """
    subjects = [*seen.by_event(question.profile.events), *seen.by_tenant()]
    length_s = block_s(question.profile.stall_s)
    whole, each = (question.risk.weighted(share) for share in (OF_ALL, (1 - OF_ALL) / len(subjects)))
    return tuple(
        replace(
            clause_of(subject, question.claim, blocks, seen.seconds, question.profile.stall_s, risk), asked=len(samples)
        )
        for subject, samples, risk in [(ALL, seen.samples, whole), *((*subject, each) for subject in subjects)]
        for blocks in [late_blocks(samples, question.target_s, length_s, felt=felt)]
    )


def _lost(samples: Sequence[Sample]) -> str:
    """What is said of requests on which Vapi has given up; empty if there are none."""
    lost = [one for one in samples if one.kind is Kind.TIMEOUT or one.server_s > time_limit(one.event)]
    if not lost:
        return ""
    kinds = ", ".join(f"{event} ({time_limit(event):g} s)" for event in sorted({sample.event for sample in lost}))
    slowest = max(sample.server_s for sample in lost)
    return f"{len(lost)} requests took longer than Vapi waits, of {kinds}; the slowest {slowest:.1f} s"


def _in_all(sent: Sequence[Sample]) -> str:
    """Of a run that ended before its time, perhaps before anything was judged."""
    return f"{sum(one.wrong or one.failed for one in sent)} of {len(sent)} since the start"


def _commonest(samples: Sequence[Sample]) -> list[str]:
    """What was wrong most often, and where; of faults that differ in ids and the like only, the first is quoted."""
    alike: dict[tuple[str, Kind, str], Counter[str]] = {}
    for one in samples:
        if one.fault:
            alike.setdefault((one.event, one.kind, one.fault.partition(": ")[0]), Counter())[one.fault] += 1
    most = sorted(alike.items(), key=lambda item: -item[1].total())[:3]
    return [
        f"{faults.total()} times, {event}{', for one' if len(faults) > 1 else ''}: {next(iter(faults))}"
        for (event, _, _), faults in most
    ]


def _invalid(problems: Sequence[Problem], clauses: tuple[Clause, ...], seen: Sequence[str] = ()) -> Part:
    details = (*(one.detail for one in problems), *seen)
    return Part(Verdict.INCONCLUSIVE, details, problems[0].reason, clauses)


def _how_long(clauses: Sequence[Clause]) -> Iterator[str]:
    if more := max(clause.more_s for clause in clauses):
        yield f"about {more:.0f} s more of this traffic would decide"
