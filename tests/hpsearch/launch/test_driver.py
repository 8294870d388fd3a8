"""What goes wrong before a job's own command begins is one line in its log."""

from __future__ import annotations

import pytest

from hpsearch.errors import StoreError
from hpsearch.launch import driver, probe


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HPSEARCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def test_a_home_that_cannot_be_written_ends_the_driver_with_one_line(home):
    home.touch()
    with pytest.raises(SystemExit) as ended:
        driver.main(["run", "sweep.yaml"])
    assert ended.value.code.startswith(f"hpsearch: --home {home}: cannot be written: ")


def test_a_job_package_that_cannot_be_kept_ends_the_driver_with_one_line(home, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "job_package")

    monkeypatch.setattr(driver, "keep", full)
    with pytest.raises(SystemExit, match=r"^hpsearch: \[Errno 28\] No space left on device: 'job_package'$"):
        driver.main(["run", "sweep.yaml"])


@pytest.mark.parametrize("error", [StoreError("Ray at x cannot be used"), OSError("Ray at x cannot be used")])
def test_a_probe_that_cannot_ask_ends_with_one_line(home, monkeypatch, error):
    def away(_):
        raise error

    monkeypatch.setattr(probe, "_nodes", away)
    with pytest.raises(SystemExit, match=r"^hpsearch: Ray at x cannot be used$"):
        probe.main()
