"""The two seconds of the checklist, as one caller at a time meets them; `load` judges them under traffic."""

from __future__ import annotations

from collections.abc import Callable

from contracts.conftest import ArgumentsFor
from contracts.each_tool import each_tool
from fixtures.target.canaries import Organisation
from fixtures.target.target import Target
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.reply import understood
from fixtures.vapi.tools import ToolDefinition
from fixtures.verdict.evidence import Evidence
from fixtures.verdict.outcome import Inconclusive, Reason, control, expect
from load.binomial import lower_limit, upper_limit

Ring = Callable[[Organisation], LiveCall]
SAMPLES = 65
"""Without a late one among them they show, with 95 % confidence, that fewer than 5 % are late."""
PACED_SAMPLES = 10
ENOUGH_LATE = 3


@each_tool("latency")
def test_latency(
    tool: ToolDefinition,
    vapi: Vapi,
    ring: Ring,
    target: Target,
    clinic: Organisation,
    arguments_for: ArgumentsFor,
    evidence: Evidence,
) -> None:
    """One call after another; the first, which may meet a cold start, is told apart. A booking is one, repeated."""
    line, call = ring(clinic), ToolCall(tool, arguments_for(tool, clinic))
    limit_s, share = target.record.latency.target_s, target.record.latency.late_share
    first = vapi.call_tools(line, call)
    control(not understood(first, call).refused, f"refused: {first.exchange.text[:120]}; a refusal is soon said")
    cold = first.exchange
    durations: list[float] = []
    late = 0
    for _ in range(PACED_SAMPLES if target.record.pace.rate else SAMPLES):
        exchange = vapi.call_tools(line, call).exchange
        durations.append(exchange.duration_s)
        late += exchange.duration_s > limit_s or not exchange.complete
        if late >= ENOUGH_LATE and lower_limit(late, len(durations)) > share:
            break  # more would only cost time
    told = {"samples": len(durations), "late": late, "slowest_s": max(durations), "cold_s": cold.duration_s}
    evidence.attach("latency", **told)
    slowest = f"the slowest {max(durations):.2f} s, the first of all {cold.duration_s:.2f} s"
    seen = f"{late} of {len(durations)} later; {slowest}"
    if upper_limit(late, len(durations)) > share:
        expected = f"at most {share:.0%} of the answers after {limit_s} s"
        expect(lower_limit(late, len(durations)) <= share, expected=expected, seen=seen)
        raise Inconclusive(Reason.TOO_FEW_SAMPLES, f"{seen}: {len(durations)} samples can't show {share:.0%}")
