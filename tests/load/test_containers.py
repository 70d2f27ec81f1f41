"""`load/compose.yml` and `load/kubernetes.yml`: the image has what the load needs, and the commands are Locust's."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from load.profiles import load_profile

PROJECT = Path(__file__).parents[2]
COMPOSE = (PROJECT / "load/compose.yml").read_text(encoding="utf-8")
KUBERNETES = (PROJECT / "load/kubernetes.yml").read_text(encoding="utf-8")
FILES = """
import load.locustfile, json, sys
print(json.dumps([sys.modules[name].__file__ for name in ("load.driver", "fixtures.target.ledger")]))
"""
OPTIONS = """
import load.locustfile, json, sys
from locust.argument_parser import get_parser
options = get_parser(default_config_files=[]).parse_args()
print(json.dumps({name: getattr(options, name) for name in ("locustfile", "master", "worker", "traffic")}))
"""


def test_image_has_what_the_load_imports(tmp_path: Path) -> None:
    """What compose.yml copies into it is enough, and is what is imported."""
    copied = re.findall(r"^ +COPY (\S+) (\S+)$", COMPOSE, re.MULTILINE)
    for source, target in copied:
        place = tmp_path / target
        if (PROJECT / source).is_dir():
            shutil.copytree(PROJECT / source, place)
        else:
            place.mkdir(exist_ok=True)
            shutil.copy(PROJECT / source, place)
    files = _printed(FILES, folder=tmp_path)
    assert [tmp_path / "load/driver.py", tmp_path / "fixtures/target/ledger.py"] == [Path(file) for file in files]


def _commands() -> list[str]:
    """The command lines of both files, with the defaults of compose's variables."""
    composed = re.findall(r"command: >\n((?: {6}.+\n)+)", COMPOSE)
    listed = re.findall(r"command: \[(.+)\]\n +args: \[(.+)\]", KUBERNETES)
    lines = [re.sub(r"\$\{\w+:-([\w-]+)\}", r"\1", line) for line in composed]
    lines += [f"{command}, {args}".replace(",", "").replace('"', "") for command, args in listed]
    return [" ".join(line.split()) for line in lines]


@pytest.mark.parametrize("command", _commands())
def test_commands_are_locusts(command: str) -> None:
    """Locust takes every option, the file is there, and so is the profile."""
    program, *arguments = command.split()
    assert "locust" == program
    options = _printed(OPTIONS, *arguments)
    assert {True, False} == {options["master"], options["worker"]}
    assert (PROJECT / options["locustfile"]).is_file()
    assert options["traffic"] == load_profile(options["traffic"]).name


def test_each_form_has_a_master_and_workers() -> None:
    """Two commands in each file are tested."""
    assert [True, False, True, False] == ["--master " in f"{command} " for command in _commands()]


def _printed(program: str, *arguments: str, folder: Path = PROJECT) -> Any:
    """In a process of its own: Locust patches the one that imports it."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)
