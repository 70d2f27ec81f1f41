"""Load as a pytest plugin: `--traffic`, and the run that the latency criterion judges."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.target.run_identity import RunIdentity
from fixtures.target.target import Target
from load.profiles import FILE, ProfileError, TrafficProfile, load_profile
from load.recording import Recording
from load.run import TrafficInterrupted, run_traffic, time_limit_s

CHECK_S = 120.0
"""What a check takes beyond its traffic, with a wide margin."""
PROFILE = pytest.StashKey[TrafficProfile]()
TOLD = pytest.StashKey[list[str]]()
"""What the traffic found out, for the terminal."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--traffic`."""
    group = parser.getgroup("voxanne")
    group.addoption("--traffic", metavar="NAME", default="smoke", help="traffic profile of the latency criterion")
    group.addoption("--traffic-file", type=Path, metavar="FILE", default=FILE, help="where the profiles are")


def pytest_configure(config: pytest.Config) -> None:
    """An unknown profile ends the run with one line."""
    try:
        config.stash[PROFILE] = load_profile(config.option.traffic, config.option.traffic_file)
    except ProfileError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A check may take as long as its traffic does, however long others may take."""
    limit_s = time_limit_s(config.stash[PROFILE]) + CHECK_S
    for item in items:
        if item.get_closest_marker("latency"):
            item.add_marker(pytest.mark.timeout(limit_s))


def pytest_verdict_facts(config: pytest.Config) -> list[str]:
    """What the traffic found out, once it was sent."""
    return config.stash.get(TOLD, [])


@pytest.fixture
def traffic_profile(request: pytest.FixtureRequest) -> TrafficProfile:
    """The chosen traffic."""
    return request.config.stash[PROFILE]


@pytest.fixture
def traffic_recording(
    request: pytest.FixtureRequest, target: Target, traffic_profile: TrafficProfile, run_identity: RunIdentity
) -> Recording:
    """The traffic, sent to the target now; the raw samples stay beside the reports.

    Ctrl-C ends the traffic first: what there is of it is judged, and then the session ends.
    """
    reports: Path = request.config.option.report_dir or request.config.rootpath / "reports"
    file: Path = request.config.option.traffic_file
    try:
        return run_traffic(target, traffic_profile, file.absolute(), run_identity, reports.absolute() / "load")
    except TrafficInterrupted as interrupted:
        request.session.shouldstop = f"the traffic was interrupted after {interrupted}"
        return interrupted.recording
