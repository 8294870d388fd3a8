"""Our folder is found in what was downloaded, whether it is the folder itself or an MLflow model."""

from __future__ import annotations

import pytest

from hpsearch.errors import ModelFolderError
from hpsearch.model.source import find


@pytest.fixture(params=["folder", "first_folder"])
def any_folder(request):
    """Return a model folder in each format."""
    return request.getfixturevalue(request.param)


def test_our_folder_is_its_own_source(any_folder):
    assert find(any_folder) == any_folder


@pytest.mark.parametrize("below", ["data", "data/model"])
def test_our_folder_is_found_in_an_mlflow_model(any_folder, tmp_path, below):
    (tmp_path / "download" / below).parent.mkdir(parents=True)
    any_folder.rename(tmp_path / "download" / below)
    assert find(tmp_path / "download") == tmp_path / "download" / below


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(
        ModelFolderError, match=r"a model folder holds one hpsearch\.json or manifest\.json, none is in it or below"
    ):
        find(tmp_path)


def test_two_models_are_not_guessed_between(tmp_path):
    for folder, name in (("a", "manifest.json"), ("b", "hpsearch.json")):
        (tmp_path / "data" / folder).mkdir(parents=True)
        (tmp_path / "data" / folder / name).write_text("{}")
    with pytest.raises(ModelFolderError, match="got 2"):
        find(tmp_path)


def test_a_file_or_nothing_is_no_folder(tmp_path):
    (tmp_path / "model.pkl").write_text("")
    with pytest.raises(ModelFolderError, match="and this is a file"):
        find(tmp_path / "model.pkl")
    with pytest.raises(ModelFolderError, match="and this is missing"):
        find(tmp_path / "nothing")
