"""Every command and code block of the README and of docs/, run as a reader would run it, in one folder of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What needs a cluster or a browser has tests of its own.
ELSEWHERE = {
    "hpsearch ui": "tests/hpsearch/test_cli.py",
    "hpsearch init-stack": "tests/hpsearch/launch/test_stack_secrets.py",
    "docker compose up": "tests/compose/test_stack.py",
    "hpsearch launch": "tests/hpsearch/launch/test_launch.py",
    "hpsearch doctor": "tests/hpsearch/launch/test_doctor.py",
    "hpsearch logs": "tests/hpsearch/launch/test_launch.py",
    "hpsearch stop": "tests/hpsearch/launch/test_launch.py",
}
SECONDS = 170


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, language and text."""

    page: Path
    language: str
    text: str

    @property
    def file(self):
        """The file that its first line names, as in ``# flowers.yaml``."""
        match = re.match(r"# ([\w.-]+\.(?:yaml|py))\n", self.text)
        return match.group(1) if match else None

    @property
    def commands(self):
        return [line.split("  #")[0].strip() for line in self.text.splitlines() if line.strip()]


def blocks(page):
    return [Block(page, *match) for match in BLOCK.findall(page.read_text(encoding="utf-8"))]


def test_every_block_names_a_language_that_is_run():
    for page in PAGES:
        assert page.read_text(encoding="utf-8").count("```") == 2 * len(blocks(page)), page.name
        assert {block.language for block in blocks(page)} <= {"sh", "python", "yaml"}, page.name


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_links_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)[^):]*\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize(("command", "test"), ELSEWHERE.items())
def test_what_is_not_run_here_has_a_test_of_its_own(command, test):
    text = (ROOT / test).read_text(encoding="utf-8")
    assert command.split()[1] in text and "def test_" in text


@pytest.fixture
def desk(tmp_path):
    """A reader's folder, with a CSV and the examples beside it."""
    from sklearn.datasets import load_iris

    folder = tmp_path / "desk"
    folder.mkdir()
    iris = load_iris(as_frame=True)
    table = iris.frame.drop(columns="target").assign(species=iris.target_names[iris.target])
    table.to_csv(folder / "flowers.csv", index=False)
    table.drop(columns="species").to_csv(folder / "rows.csv", index=False)
    for example in (ROOT / "hpsearch" / "examples" / "own_trainer").glob("*.[py]*"):
        (folder / example.name).write_bytes(example.read_bytes())
    return folder


def run_command(command, folder):
    if any(command.startswith(one) for one in ELSEWHERE):
        return
    words = command.split()
    assert words[0] == "hpsearch", command
    answer = subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert answer.returncode == 0, f"{command}\n{answer.stdout}\n{answer.stderr}"
    assert "Traceback" not in answer.stderr


def run_python(text, folder):
    prelude = "import numpy as np\nX = np.full((3, 4), 1.5)\n"
    answer = subprocess.run(
        [sys.executable, "-c", prelude + text], cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert answer.returncode == 0, f"{text}\n{answer.stderr}"


def read(page, folder):
    """Do what a page says, block by block."""
    for block in blocks(page):
        if block.file is not None:
            (folder / block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            run_python(block.text, folder)
        elif block.language == "sh":
            for command in block.commands:
                run_command(command, folder)


@pytest.mark.timeout(600)
def test_the_readme_works_as_written(desk):
    run_command("hpsearch run", desk)
    read(ROOT / "README.md", desk)


MINE = """
name: mine
trainer: my_trainer.py:Mine
data: {path: flowers.csv, label: species}
space: {learning_rate: {low: 0.01, high: 1.0}}
search: {trials: 2}
"""
BEFORE = {  # what a reader of the page has done already
    "cluster.md": ["hpsearch run flowers.yaml --set search.trials=2"],
    "trainers.md": ["hpsearch run mine.yaml", "hpsearch best mine --download model/"],
}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", [page.name for page in PAGES[1:] if blocks(page)])
def test_the_pages_work_as_written(name, desk):
    for block in blocks(ROOT / "README.md"):
        if block.file is not None:
            (desk / block.file).write_text(block.text, encoding="utf-8")
    (desk / "mine.yaml").write_text(MINE)
    for command in BEFORE[name]:
        run_command(command, desk)
    read(ROOT / "docs" / name, desk)
