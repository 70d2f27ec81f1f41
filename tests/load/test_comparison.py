"""Two builds, by pairs of runs."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.verdict.outcome import Verdict
from load.comparison import Change, compare, main
from load.evidence import write_recording
from load.plan import Arrival
from load.profiles import load_profile
from load.recording import Ending, Kind, Recording
from tests.load.synthetic import TRAFFIC, recorded

CHANCE = random.Random(4)
PROFILE = """
[short]
rate = 3.0
warm_up_s = 10.0
measured_s = 130.0
seed = 1
stall_s = 2.0
call = ["status-update", "tools"]
mix = { lookup = 1, booking = 1 }
"""


def runs(seconds: float, number: int = 6, noise: float = 0.05, slow: str = "") -> list[Recording]:
    """Runs of one build: log-normal times, and each run a little off."""

    def one() -> Recording:
        off = CHANCE.lognormvariate(0, noise)

        def service(arrival: Arrival) -> float:
            return seconds * off * CHANCE.lognormvariate(0, 0.3) * (2 if arrival.event == slow else 1)

        return recorded(service=service)

    return [one() for _ in range(number)]


def test_twice_as_slow_is_seen_though_still_fast_enough() -> None:
    """0.3 s and 0.6 s: both pass the target."""
    compared = compare(runs(0.3), runs(0.6), TRAFFIC)
    assert Verdict.FAIL is compared.verdict
    assert {Verdict.FAIL} == {change.verdict for change in compared.changes}


def test_one_slow_tool_is_seen() -> None:
    """By its name."""
    compared = compare(runs(0.3), runs(0.3, slow="booking"), TRAFFIC)
    failed = {change.name for change in compared.changes if change.verdict is Verdict.FAIL}
    assert {"booking, median", "booking, p95"} <= failed
    assert "lookup, median" not in failed


def test_the_same_build_is_not_slower() -> None:
    """And a faster one neither."""
    assert Verdict.PASS is compare(runs(0.3, noise=0.01), runs(0.3, noise=0.01), TRAFFIC).verdict
    assert Verdict.PASS is compare(runs(0.3), runs(0.1), TRAFFIC).verdict


def test_what_nobody_hears_is_no_difference() -> None:
    """2 ms and 4 ms."""
    assert Verdict.PASS is compare(runs(0.002), runs(0.004), TRAFFIC).verdict


def test_noise_between_runs_is_not_taken_for_the_build() -> None:
    """Every run 20 % off its build: the same build is hardly ever called slower, however many requests there are."""
    chance = random.Random(1)
    verdicts = [Change("", 1, 1, [chance.gauss(0, 0.2 * 2**0.5) for _ in range(6)]).verdict for _ in range(300)]
    assert verdicts.count(Verdict.FAIL) <= 0.05 * len(verdicts)


def test_at_the_margin_chance_decides_rarely() -> None:
    """Exactly a tenth slower: at most one in twenty is called slower, or not slower (with allowance for 400 trials)."""
    chance = random.Random(2)
    limit = Change("", 1, 1, [0.0]).margin
    logs = [[chance.gauss(0.0953, 0.05) for _ in range(6)] for _ in range(400)]
    verdicts = [Change("", 1, 1, pairs).verdict for pairs in logs]
    assert 0.1 == limit
    assert verdicts.count(Verdict.FAIL) <= 0.08 * 400
    assert verdicts.count(Verdict.PASS) <= 0.08 * 400


def test_errors_are_no_speed() -> None:
    """A build that refuses one in ten at once."""
    bad = [recorded(fault=lambda a: Kind.STATUS if a.number % 10 == 0 else Kind.NONE) for _ in range(6)]
    assert Verdict.FAIL is compare(runs(0.01), bad, TRAFFIC).verdict


@pytest.mark.parametrize("number", [0, 1, 5])
def test_few_pairs_say_nothing(number: int) -> None:
    """Six are the fewest."""
    compared = compare(runs(0.3, number), runs(0.9, number), TRAFFIC)
    assert Verdict.INCONCLUSIVE is compared.verdict
    assert f"{number} runs before and {number} after" in compared.problems[0]


def test_a_run_that_was_cut_short_shows_nothing_good() -> None:
    """It may still show something bad."""
    cut = [replace(one, accounts=(replace(one.account, ended=Ending.TERMINATED),)) for one in runs(0.3, noise=0.01)]
    assert Verdict.INCONCLUSIVE is compare(runs(0.3, noise=0.01), cut, TRAFFIC).verdict
    assert Verdict.FAIL is compare(runs(0.1), cut, TRAFFIC).verdict


Folders = dict[str, list[str]]


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """Reports of two builds, and the options that name their traffic."""
    file = tmp_path / "profiles.toml"
    file.write_text(PROFILE)
    made: Folders = {"options": ["--traffic", "short", "--traffic-file", str(file)]}
    for build, seconds in (("old", 0.3), ("new", 0.6)):
        made[build] = [str(tmp_path / f"{build}-{number}") for number in range(6)]
        for folder, run in zip(made[build], runs(seconds), strict=True):
            account = replace(run.account, run=folder, traffic=load_profile("short", file).label)
            write_recording(Path(folder) / "load", replace(run, accounts=(account,)))
    return made


def test_command_line(tmp_path: Path, folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    """From the folders of reports; the exit status says it."""
    old, new, options = folders["old"], folders["new"], folders["options"]
    assert 1 == main(["--before", *old, "--after", *new, *options])
    assert "SLOWER" == capsys.readouterr().out.splitlines()[-1]
    assert 0 == main(["--before", *new, "--after", *old, *options])
    with pytest.raises(SystemExit, match="2"):
        main(["--before", *old, "--after", str(tmp_path / "nowhere"), *options])
    assert "nowhere holds no recording" in capsys.readouterr().err


def test_no_run_is_given_twice(tmp_path: Path, folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    """Under its own name or another: a build compared with itself is never slower."""
    old, new, options = folders["old"], folders["new"], folders["options"]
    shutil.copytree(new[0], tmp_path / "copy")
    for before, after in ((old, old), (old, [*new[:5], new[0]]), (old, [*new[:5], str(tmp_path / "copy")])):
        with pytest.raises(SystemExit, match="2"):
            main(["--before", *before, "--after", *after, *options])
        assert "is the same run as" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(("word", "other"), [("short", "brief"), ("seed = 1", "seed = 2"), ("rate = 3.0", "rate = 2")])
def test_runs_of_other_traffic(
    tmp_path: Path, folders: Folders, capsys: pytest.CaptureFixture[str], word: str, other: str
) -> None:
    """Another profile, or what its name means now."""
    (tmp_path / "profiles.toml").write_text(PROFILE.replace(word, other))
    options = [option.replace(word, other) for option in folders["options"]]
    with pytest.raises(SystemExit, match="2"):
        main(["--before", *folders["old"], "--after", *folders["new"], *options])
    assert "is of other traffic: short, seed 1" in capsys.readouterr().err.splitlines()[-1]
