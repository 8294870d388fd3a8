"""One line of the doctor's report, and the words for what it finds."""

from __future__ import annotations

from dataclasses import dataclass

CLOCK_SECONDS = 5.0


@dataclass(frozen=True)
class Finding:
    """The state of one part; `remedy` says what to do where it is wrong."""

    part: str
    detail: str
    remedy: str = ""

    @property
    def wrong(self) -> bool:
        """Whether something has to be done."""
        return bool(self.remedy)


def same_versions(part: str, theirs: dict[str, str], ours: dict[str, str]) -> Finding:
    """Compare the versions a part says with those of the reference, package by package."""
    detail = ", ".join(f"{name} {version}" for name, version in theirs.items())
    other = [name for name, version in theirs.items() if ours.get(name, version) != version]
    if not other:
        return Finding(part, detail)
    expected = ", ".join(f"{name} {ours[name]}" for name in other)
    return Finding(
        part, detail, f"differs from {expected}; install the same image, or by constraints.txt, on both sides"
    )


def clock(part: str, skew_seconds: float, resolution_seconds: float) -> Finding:
    """Judge a clock that is `skew_seconds` ahead of ours, measured to within `resolution_seconds`."""
    detail = f"clock {skew_seconds:+.1f} s from here (to within {resolution_seconds:.1f} s)"
    if abs(skew_seconds) <= CLOCK_SECONDS + resolution_seconds:
        return Finding(part, detail)
    return Finding(part, detail, "switch on time synchronization (NTP) there: times in MLflow would mislead")
