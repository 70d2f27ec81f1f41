"""The kinds of request that Vapi makes in a call, and how long it waits for each (facts: load.md section 6)."""

from __future__ import annotations

TOOL_EVENTS = ("lookup", "availability", "booking", "transfer")
"""In the order in which a conversation uses them."""
EVENTS = ("assistant-request", *TOOL_EVENTS, "status-update", "end-of-call-report")

TOOLS = "tools"
"""In the steps of a call: one to three of the tools."""

_DEFAULT_S = 20.0
_LIMIT_S = {"assistant-request": 7.5}


def time_limit(event: str) -> float:
    """Seconds after which Vapi gives up; one such request fails a run without any statistics."""
    return _LIMIT_S.get(event, _DEFAULT_S)


IN_FLIGHT_CAP = 2000
"""A worker may have as many requests open at once; a run that comes to it is ended, and proves nothing."""
DRAIN_S = _DEFAULT_S + 1.0
"""The longest wait for answers after the last request: a little more than Vapi waits."""
