"""One spec for each of the articles that this project grew out of, to be run by name.

A spec's first line is a comment that says what it shows; `hpsearch examples` prints it.
"""

from __future__ import annotations

from pathlib import Path

from hpsearch.errors import SpecError, unknown

FOLDER = Path(__file__).parent
FIRST = "oscillating"  # what `hpsearch run` runs when nothing else is named


def examples() -> dict[str, str]:
    """Return what each example shows, by its name."""
    return {path.stem: _first_line(path) for path in sorted(FOLDER.glob("*.yaml"))}


def example_path(name: str) -> Path:
    """Return the spec of an example.

    Raises
    ------
    SpecError
        If there is none of that name.
    """
    known = examples()
    if name not in known:
        raise SpecError(unknown("--example", "example", name, known))
    return FOLDER / f"{name}.yaml"


def _first_line(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
