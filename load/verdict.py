"""What may be concluded from a recording (facts: load.md section 4.4).

Three criteria share one run: `latency` (p95, and nothing over what Vapi waits), `tail` (p99), `errors`. Lateness is
judged for every kind of request and for every clinic, from when a request was due; that it comes to the same from when
it was sent shows that it is the server's, not the generator's. An invalid run can't pass, but what was seen of it may
be enough to fail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fixtures.verdict.outcome import Reason, Verdict, merge
from load.clause import Claim, Clause, Risk
from load.knee import knee_part
from load.measured import look_ends, measured
from load.parts import Part, Question, error_part, latency_part, tail_part
from load.profiles import TrafficProfile
from load.recording import Ending, Recording
from load.validity import lags_of, problems_of

TAIL_SHARE = 0.01
ERROR_SHARE = 0.001
NO_CLAIM = Part(Verdict.NOT_APPLICABLE, ("traffic with a rising rate claims only up to which one the target holds",))


@dataclass(frozen=True, slots=True)
class LatencyVerdict:
    """The verdict of a run, by criterion: `latency`, `tail`, `errors`."""

    parts: Mapping[str, Part]

    @property
    def verdict(self) -> Verdict:
        """That of the run."""
        return merge(part.verdict for part in self.parts.values())

    @property
    def reason(self) -> Reason | None:
        """Why it is inconclusive."""
        return next((part.reason for part in self._deciding), None)

    @property
    def details(self) -> tuple[str, ...]:
        """What decided, one line each."""
        return tuple(dict.fromkeys(detail for part in self._deciding for detail in part.details))

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """Those of `latency`."""
        return self.parts["latency"].clauses

    @property
    def facts(self) -> list[str]:
        """For the terminal: what `latency` came to, and any other part that fails, which may not be judged any more."""
        parts = [part for name, part in self.parts.items() if name == "latency" or part.verdict is Verdict.FAIL]
        return list(dict.fromkeys(detail for part in parts for detail in part.details[:1]))

    def as_json(self) -> dict[str, Any]:
        """For evidence and for the file."""
        return {"verdict": self.verdict, **{name: part.as_json() for name, part in self.parts.items()}}

    @property
    def _deciding(self) -> list[Part]:
        return [part for part in self.parts.values() if part.verdict is self.verdict]


def judge(
    recording: Recording,
    profile: TrafficProfile,
    target_s: float,
    late_share: float,
    tail_share: float = TAIL_SHARE,
    error_share: float = ERROR_SHARE,
) -> LatencyVerdict:
    """Judge a run: at most so large shares may be later than `target_s` seconds (p95, p99), or wrong.

    Where the profile declares looks, the risk is shared out among them: any may fail, the last that was reached passes.
    """
    risk = Risk().spent_over(max(1, len(profile.looks)))
    claims = (Claim("p95", late_share), Claim("p99", tail_share), Claim("the error rate", error_share, "bad"))
    questions = [Question(claim, target_s, risk, profile) for claim in claims]
    looks = [_at_look(recording, questions, until_s) for until_s in look_ends(recording.samples, profile)]
    return LatencyVerdict({name: _of_looks([look[name] for look in looks]) for name in looks[-1]})


def _of_looks(parts: Sequence[Part]) -> Part:
    return next((part for part in parts if part.verdict is Verdict.FAIL), parts[-1])


def _at_look(recording: Recording, questions: Sequence[Question], until_s: float) -> dict[str, Part]:
    late, tail, errors = questions
    if late.profile.claim == "knee":
        return {"latency": knee_part(recording, late), "tail": NO_CLAIM, "errors": NO_CLAIM}
    seen = measured(recording.samples, late.profile, until_s)
    problems = list(problems_of(recording))
    of_time = [*problems, *lags_of(seen.samples)]
    storm = any(account.ended is Ending.ERROR_STORM for account in recording.accounts)
    return {
        "latency": latency_part(seen, late, of_time),
        "tail": tail_part(seen, tail, of_time),
        "errors": error_part(seen, errors, problems, recording.samples, storm=storm),
    }
