"""What of the evidence goes into the reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fixtures.verdict.evidence import MAX_TEXT, SHOWN, SHOWN_OF_FAILED, Evidence


@dataclass(frozen=True)
class Exchange:
    """An observation that is told whole, or in brief."""

    status: int

    def brief(self) -> dict[str, Any]:
        return {"status": self.status}

    def whole(self) -> dict[str, Any]:
        return {"status": self.status, "sent": "{}", "curl": "curl"}


def of(count: int) -> Evidence:
    evidence = Evidence()
    for number in range(count):
        evidence.add(Exchange(200 + number))
    return evidence


def test_passed_check_keeps_the_first_whole() -> None:
    """Of the others what they came to; none is left out."""
    kept = of(10).kept(whole=False)
    assert [200 + number for number in range(10)] == [entry["status"] for entry in kept]
    assert SHOWN == sum("curl" in entry for entry in kept)
    assert all("curl" in entry for entry in kept[:SHOWN])


def test_failed_check_keeps_the_last_whole() -> None:
    """Where the failure is told."""
    kept = of(SHOWN_OF_FAILED + 5).kept(whole=True)
    assert SHOWN_OF_FAILED + 5 == len(kept)
    assert [False] * 5 + [True] * SHOWN_OF_FAILED == ["sent" in entry for entry in kept]
    assert all("sent" in entry for entry in of(4).kept(whole=True))


def test_other_observations_are_kept() -> None:
    """Rows and words are small."""
    evidence = of(SHOWN)
    evidence.attach("heard", words=["Hello"])
    assert {"kind": "heard", "words": ["Hello"]} == evidence.kept(whole=False)[-1]


def test_long_text_is_cut_and_counted() -> None:
    """Not lost without a word."""
    evidence = Evidence()
    evidence.attach("log", text="x" * (MAX_TEXT + 7))
    assert evidence.entries[0]["text"].endswith("... (7 more characters)")
