"""What gives the server's inside away, and what a clinic may say without blame."""

from __future__ import annotations

import pytest

from fixtures.vapi.disclosure import internals

SHOWN = [
    "TypeError: Cannot read properties of undefined (reading 'date')",
    "Error\n    at Object.handler (/app/dist/tools.js:41:23)",
    "Error\n    at file:///srv/index.mjs:3:9",
    'Traceback (most recent call last):\n  File "/opt/x.py", line 3, in <module>',
    "ENOENT: /opt/render/project/src/config.json",
    "see node_modules/express/lib",
    'invalid input syntax for type uuid: "x"',
    'duplicate key value violates unique constraint "contacts_key"',
    'relation "appointments" does not exist',
    "select id, name from contacts where org_id = 1",
    "INSERT INTO appointments (id) values (1)",
    "connect ECONNREFUSED 10.0.0.4:5432",
    "PGRST116: no rows",
    "[object Object]",
]
SPOKEN = [
    "You are booked for Tuesday at 10:00, at Canary Clinic.",
    "Please select a time from 09:00 to 17:00.",
    "You can select times from Monday on, or update your record; please select a time from what I say.",
    "Shall I update your record or delete it from our list?",
    "We are at 12 Home Street / first floor.",
    '{"success": false, "error": "SLOT_UNAVAILABLE", "message": "That time is taken."}',
    "Something went wrong. Error code 17, request id 019c0000-0000-7000-8000-000000000001",
    "The app is at https://clinic.example/app/booking/new?x=1",
]


@pytest.mark.parametrize("text", SHOWN)
def test_inside_is_seen(text: str) -> None:
    """Also inside JSON."""
    assert list(internals(text))
    assert list(internals(f'{{"results": [{{"error": "{text}"}}]}}'))


@pytest.mark.parametrize("text", SPOKEN)
def test_sentences_are_not_blamed(text: str) -> None:
    """Words of SQL are words."""
    assert [] == list(internals(text))


def test_own_words_don_t_count() -> None:
    """What was asked may be repeated, as it is or escaped in JSON; what stands beside it counts."""
    said = {"summary": "select a from b where x", "list": ["Traceback (most recent call last)\n"]}
    assert [] == list(internals("You said: select a from b where x. Traceback (most recent call last)\\n", [said]))
    assert list(internals("You said: select a from b where x. /app/dist/tools.js", [said]))
