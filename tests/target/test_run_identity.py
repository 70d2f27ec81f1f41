"""What a run creates can be told from all else."""

from __future__ import annotations

import itertools
import re

from fixtures.target.run_identity import AREAS_OF_A_RUN, new_run_identity

E164 = re.compile(r"\+1[2-9]\d{2}55501\d{2}")


def test_patients_have_numbers_of_the_run() -> None:
    """In E.164, of the range for fiction, none twice, each with a trace of the run."""
    run = new_run_identity()
    phones = [run.next_phone() for _ in range(100 * AREAS_OF_A_RUN)]
    assert len(phones) == len(set(phones))
    assert all(E164.fullmatch(phone) for phone in phones)
    assert all(any(trace in phone for trace in run.traces) for phone in phones)


def test_callers_are_not_patients() -> None:
    """As many as are asked for, none with a trace."""
    run = new_run_identity()
    callers = [run.next_caller() for _ in range(2000)]
    assert all(E164.fullmatch(caller) for caller in callers)
    assert not any(trace in caller for caller, trace in itertools.product(callers, run.traces))


def test_canaries_are_nobodys_rows() -> None:
    """An area code of theirs is never the run's."""
    known = [f"+1{area}5550120" for area in range(201, 990) if area % 7]
    run = new_run_identity(known)
    assert not any(trace in phone for phone, trace in itertools.product(known, run.traces))
    assert AREAS_OF_A_RUN == len(run.areas)


def test_no_two_runs_are_alike() -> None:
    """By name and by call id."""
    runs = [new_run_identity() for _ in range(50)]
    assert 50 == len({run.patient for run in runs}) == len({run.call_prefix for run in runs})
    assert all(run.new_call_id().startswith(run.call_prefix) for run in runs)
    assert all(36 == len(run.new_call_id()) for run in runs)
