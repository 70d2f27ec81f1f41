"""What the contract suites share: arguments that a tool must accept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fixtures.database.diary import Diary
from fixtures.target.canaries import Organisation
from fixtures.target.run_identity import RunIdentity
from fixtures.vapi.tools import ToolDefinition

Arguments = dict[str, Any]
ArgumentsFor = Callable[[ToolDefinition, Organisation], Arguments]


@pytest.fixture
def arguments_for(diary: Diary, run_identity: RunIdentity) -> ArgumentsFor:
    """Makes valid arguments: a slot that is free, a patient of this run, a caller whom the clinic knows."""

    def make(tool: ToolDefinition, clinic: Organisation) -> Arguments:
        start = diary.free_start(clinic)
        by_tool: dict[str, Arguments] = {
            "availability": {"date": str(start.date())},
            "booking": {
                "appointmentDate": str(start.date()),
                "appointmentTime": f"{start:%H:%M}",
                "patientName": run_identity.patient,
                "patientPhone": run_identity.next_phone(),
            },
            "lookup": {"searchKey": clinic.contact[0].phone, "searchType": "phone"},
            "transfer": {"summary": "The caller wants to speak to a person.", "department": "general"},
        }
        return by_tool[tool.key]

    return make
