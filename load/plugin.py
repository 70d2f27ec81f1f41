"""Load as a pytest plugin: `--traffic`, and the run that the latency criterion judges."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.target.run_identity import RunIdentity
from fixtures.target.target import Target
from load.evidence import write_recording
from load.profiles import FILE, ProfileError, TrafficProfile, load_profile
from load.recording import Recording
from load.run import run_traffic

PROFILE = pytest.StashKey[TrafficProfile]()


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


@pytest.fixture
def traffic_profile(request: pytest.FixtureRequest) -> TrafficProfile:
    """The chosen traffic."""
    return request.config.stash[PROFILE]


@pytest.fixture
def traffic_recording(
    request: pytest.FixtureRequest, target: Target, traffic_profile: TrafficProfile, run_identity: RunIdentity
) -> Recording:
    """The traffic, sent to the target now; the raw samples stay beside the reports."""
    recording = run_traffic(target, traffic_profile, request.config.option.traffic_file, run_identity)
    directory: Path = request.config.option.report_dir or request.config.rootpath / "reports"
    write_recording(directory / "load", recording)
    return recording
