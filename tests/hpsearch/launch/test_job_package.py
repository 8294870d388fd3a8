"""What travels with a sweep: the spec, its data, its trainer's files; nothing else, and not too much."""

from __future__ import annotations

import io
import json
import sys
import zipfile

import pytest

from hpsearch.errors import DataError
from hpsearch.launch import job_package
from hpsearch.launch.driver import keep
from hpsearch.launch.job_package import pack, stays_behind
from hpsearch.spec import load_spec
from hpsearch.training.source_files import trainer_files, use_files


@pytest.fixture
def folder(tmp_path):
    for name in ("rows.csv", "mine.py", ".env", "notes.txt", "sub/deep.py", ".git/hook.py", "venv/pyvenv.cfg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"# {name}")
    (tmp_path / "venv" / "installed.py").touch()
    return tmp_path


def loaded(folder, trainer="mine:Trainer", path="rows.csv"):
    spec = {
        "name": "x",
        "trainer": trainer,
        "data": {"path": path, "label": "y"},
        "space": {"a": {"low": 0, "high": 1}},
    }
    (folder / "any.yaml").write_text(json.dumps(spec))
    return load_spec(folder / "any.yaml")


def names(packed):
    return set(zipfile.ZipFile(io.BytesIO(packed.content)).namelist())


def test_the_spec_its_data_and_the_python_files_travel_and_nothing_else(folder):
    assert names(pack(loaded(folder))) == {"sweep.yaml", "rows.csv", "mine.py", "sub/deep.py"}


def test_a_trainer_that_is_installed_takes_no_files_along(folder):
    assert names(pack(loaded(folder, "mlp"))) == {"sweep.yaml", "rows.csv"}


def test_the_spec_that_arrives_is_the_one_that_was_checked(folder, tmp_path):
    given = loaded(folder)
    zipfile.ZipFile(io.BytesIO(pack(given).content)).extractall(tmp_path / "there")
    assert load_spec(tmp_path / "there" / "sweep.yaml").spec == given.spec


def test_the_same_files_make_the_same_package_and_others_another(folder):
    first = pack(loaded(folder))
    assert pack(loaded(folder)) == first
    (folder / "rows.csv").write_text("changed")
    assert pack(loaded(folder)).package != first.package


def test_files_that_are_too_large_are_refused_with_a_place_for_them(folder, monkeypatch):
    monkeypatch.setattr(job_package, "LARGEST_BYTES", 2**20)
    (folder / "rows.csv").write_bytes(b"x" * 2**21)
    with pytest.raises(DataError) as raised:
        pack(loaded(folder))
    assert "1 MiB together" in str(raised.value) and "rows.csv: 2.0 MiB" in str(raised.value)
    assert "its absolute path into data.path" in str(raised.value)


def test_data_outside_the_specs_folder_are_refused(folder):
    (folder / "inner").mkdir()
    with pytest.raises(DataError, match=r"data.path: must lie in the spec's folder .* got '../rows.csv'"):
        pack(loaded(folder / "inner", "mlp", "../rows.csv"))


def test_an_absolute_path_stays_behind_and_is_the_clusters_own(folder):
    given = loaded(folder, "mlp", str(folder / "rows.csv"))
    assert stays_behind(given.spec) and names(pack(given)) == {"sweep.yaml"}


def test_trainer_files_are_unpacked_where_their_folder_is_missing(folder, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    files = trainer_files(folder, "mine:Trainer")
    use_files("/nowhere/at/all", files)
    assert sys.path[0] != "/nowhere/at/all"
    from pathlib import Path

    assert Path(sys.path[0], "sub", "deep.py").read_text() == "# sub/deep.py"


def test_luggage_is_kept_once_under_the_name_of_its_content(folder, tmp_path):
    first = keep(folder / "sub", tmp_path / "home" / "luggage")
    assert first == tmp_path / "home" / "luggage" / "sub"
    (folder / "sub" / "deep.py").write_text("changed later")
    assert keep(folder / "sub", tmp_path / "home" / "luggage") == first
    assert (first / "deep.py").read_text() == "# sub/deep.py"
    assert [path.name for path in first.parent.iterdir()] == ["sub"]
