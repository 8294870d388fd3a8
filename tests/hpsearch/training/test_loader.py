"""Trainers by name: what is found, what is refused and with which words, and the settings they take."""

from __future__ import annotations

import pytest

from hpsearch.errors import SpecError
from hpsearch.training.loader import build, resolve, resolve_stored, settings_of
from trainers import TRAINERS


def refused(work):
    with pytest.raises(SpecError) as caught:
        work()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", TRAINERS)
def test_every_trainer_of_our_own_is_found_by_its_name(name):
    assert resolve(name) is TRAINERS[name]


def test_a_trainer_of_somebody_else_is_found_by_module_and_name():
    import sample_trainers

    assert resolve("sample_trainers:Quadratic") is sample_trainers.Quadratic


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mpl", "trainer: unknown trainer 'mpl' (did you mean 'mlp'?); choose from: "),
        ("", "trainer: unknown trainer ''"),
        ("a b:c", "unknown trainer 'a b:c'"),
        ("os.system('true'):x", "unknown trainer"),
        ("no_such_module:Name", "trainer: no_such_module:Name: its module cannot be imported: ModuleNotFoundError"),
        ("sample_trainers:Quadratik", "unknown name in sample_trainers 'Quadratik' (did you mean 'Quadratic'?)"),
        ("sample_trainers:NUMBER", "unknown name in sample_trainers 'NUMBER'"),
        ("sample_trainers:Untrainable", "must have a method train(X, y, X_validation, y_validation, *, classes)"),
    ],
)
def test_a_name_that_is_no_trainer_is_refused(name, said):
    assert said in refused(lambda: resolve(name))


def test_a_module_that_fails_at_its_import_is_told_in_one_line(tmp_path, monkeypatch):
    (tmp_path / "fails_at_import.py").write_text("raise RuntimeError('first line\\nsecond line')\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "RuntimeError: first line" in refused(lambda: resolve("fails_at_import:Name"))


def test_a_module_that_exits_at_its_import_is_told_in_one_line(tmp_path, monkeypatch):
    (tmp_path / "exits_at_import.py").write_text("import sys\nsys.exit(3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "SystemExit: 3" in refused(lambda: resolve("exits_at_import:Name"))


def test_a_name_in_a_stored_model_imports_nothing(tmp_path, monkeypatch):
    (tmp_path / "planted.py").write_text("from pathlib import Path\nPath(__file__).with_name('ran').touch()\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "planted is not imported for it; import it yourself first" in refused(lambda: resolve_stored("planted:X"))
    assert not (tmp_path / "ran").exists()
    for name in ("mlp", "hpsearch.examples.either:Either", "sample_trainers:Quadratic"):
        if name.startswith("sample"):
            resolve(name)
        assert callable(resolve_stored(name))


@pytest.mark.parametrize("given", [{}, {"image_shape": [4, 5]}])
def test_a_trainer_of_images_learns_their_shape_from_the_data_unless_it_is_set(given):
    assert build("cnn", given, 0, (2, 10)).image_shape == given.get("image_shape", [2, 10])
    assert build("cnn", given, 0).image_shape == given.get("image_shape")
    assert build("mlp", {}, 0, (2, 10))


def test_settings_are_listed_with_their_defaults_and_without_the_seed():
    from sample_trainers import Needs, Quadratic

    listed = {setting.name: setting.default for setting in settings_of(Quadratic)}
    assert listed == {"x": 0.5, "epochs": 5, "kind": "a", "hidden": (10,)}
    assert [(s.name, s.required) for s in settings_of(Needs)] == [("width", True)]


@pytest.mark.parametrize(
    ("trainer", "settings", "said"),
    [
        ("Quadratic", {"epoch": 3}, "has no setting 'epoch' (did you mean 'epochs'?); choose from: epochs, hidden,"),
        ("Quadratic", {"seed": 3}, "has no setting 'seed'"),
        ("Needs", {}, "sample_trainers:Needs needs 'width'; put it under settings or space"),
        ("Picky", {"x": 0.95}, "settings: sample_trainers:Picky: x must be at most 0.9, got 0.95"),
        ("Anything", {"seed": 3}, "seed"),
    ],
)
def test_settings_that_do_not_fit_are_refused_with_the_rule(trainer, settings, said):
    assert said in refused(lambda: build(f"sample_trainers:{trainer}", settings, seed=0))


def test_a_trainer_that_takes_anything_gets_anything():
    assert build("sample_trainers:Anything", {"odd": 1}, seed=0).settings == {"odd": 1}
