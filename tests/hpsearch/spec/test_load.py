"""From YAML, mappings and overrides to a spec; every complaint says where, the rule, the value and the choices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_specs import tiny

from hpsearch.errors import SpecError
from hpsearch.spec import SweepSpec, check_name, load_spec

GOOD = """\
name: good
trainer: mlp
data:
  dataset: oscillating
space:
  learning_rate: {low: 1e-4, high: 1e-1, log: true}
  hidden: {choices: [[50], [100, 100]]}
search: {trials: 5}
"""


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "sweep.yaml"
        path.write_text(text)
        return path

    return write


def complaint(source, overrides=()):
    with pytest.raises(SpecError) as caught:
        load_spec(source, overrides)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_example_of_the_documentation_is_read_as_it_stands(file):
    loaded = load_spec(file(GOOD))
    assert loaded.spec.space["learning_rate"].low == 1e-4
    assert loaded.spec.space["hidden"].choices == ([50], [100, 100])
    assert (loaded.spec.search.trials, loaded.spec.search.sampler.name, loaded.spec.workers) == (5, "tpe", 2)
    assert loaded.folder == file(GOOD).parent


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("name: good", "nam: good"), "1: unknown key 'nam' (did you mean 'name'?); choose from: name, trainer"),
        (("  dataset:", "  datset:"), "4: data: unknown key 'datset' (did you mean 'dataset'?); choose from: dataset,"),
        (("log: true", "logg: true"), "6: space.learning_rate: unknown key 'logg' (did you mean 'log'?)"),
        (("low: 1e-4", "low: 1"), "6: space.learning_rate: low must be below high, got low=1, high=0.1"),
        (("low: 1e-4", "low: 0"), "6: space.learning_rate: log needs low above 0, got low=0, high=0.1"),
        (("low: 1e-4", "low: small"), "6: space.learning_rate.low: must be a number, got 'small'"),
        (("low: 1e-4", "low: .nan"), "6: space.learning_rate.low: must be finite, got nan"),
        (("low: 1e-4, ", ""), "6: space.learning_rate.low: is required"),
        (("[[50], [100, 100]]", "5"), "7: space.hidden.choices: must be a list, got 5"),
        (("[[50], [100, 100]]", "[]"), "7: space.hidden.choices: must not be empty, got []"),
        (("[[50], [100, 100]]", "[[5], [5]]"), "7: space.hidden.choices: each may stand once, got [5] twice"),
        (("trials: 5", "trials: 0"), "8: search.trials: must be greater than or equal to 1, got 0"),
        (("trials: 5", "trials: 2.5"), "8: search.trials: must be a whole number, got 2.5"),
        (("trials: 5", "trials: many"), "8: search.trials: must be a whole number, got 'many'"),
        (("trials: 5", "sampler: tpee"), "8: search.sampler: unknown sampler 'tpee' (did you mean 'tpe'?)"),
        (("trials: 5", "pruner: medium"), "8: search.pruner: unknown pruner 'medium' (did you mean 'median'?)"),
        (("trials: 5", "direction: up"), "8: search.direction: must be 'maximize' or 'minimize', got 'up'"),
        (("trials: 5", "seed: -1"), "8: search.seed: must be greater than or equal to 0, got -1"),
        (("search: {trials: 5}", "search: 5"), "8: search: must be a mapping, got 5"),
        (("search: {trials: 5}", "workers: 0"), "8: workers: must be greater than or equal to 1, got 0"),
        (("search: {trials: 5}", "cpus: 0"), "8: cpus: must be greater than 0, got 0"),
        (("search: {trials: 5}", "settings: [1]"), "8: settings: must be a mapping, got [1]"),
        (("search: {trials: 5}", "experiment: ''"), "8: experiment: must"),
        (("search: {trials: 5}", "trial_timeout_seconds: 0"), "8: trial_timeout_seconds: must be greater than 0"),
        (("search: {trials: 5}", "settings: {hidden: [5]}"), "a setting is either searched or fixed, got 'hidden'"),
        (("  dataset: oscillating", "  path: 5"), "4: data.path: must be text, got 5"),
        (("  dataset: oscillating", "  split: [2, 1]\n  dataset: iris"), "4: data.split: must be three numbers"),
        (("  dataset: oscillating", "  split: [2, 0, 1]\n  dataset: iris"), "4: data.split: each of the three parts"),
        (("  dataset: oscillating", "  transform: whitn\n  dataset: iris"), "4: data.transform: must be 'none', 'st"),
        (("  dataset: oscillating", "  label: y"), "data: give either dataset or path, got neither"),
        (
            ("  dataset: oscillating", "  dataset: iris\n  path: x.csv"),
            "data: give either dataset or path, got dataset",
        ),
        (("  dataset: oscillating", "  path: x.csv\n  options: {a: 1}"), "data: options belong to a built-in data set"),
        (("name: good\n", ""), "name: is required"),
        (("name: good", "name: 5"), "1: name: must be text, got 5"),
        (("name: good", "name: a/b"), "1: name: must be 1 to 64 letters"),
    ],
)
def test_a_broken_rule_is_told_with_line_place_value_and_choices(file, change, said):
    assert change[0] in GOOD
    path = file(GOOD.replace(*change))
    told = complaint(path)
    before, _, after = said.partition(": ")
    if before.isdigit():
        assert told.startswith(f"{path}:{before}: {after}")
    else:
        assert said in told and told.startswith(str(path))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "must be a mapping with the keys name, trainer, data"),
        ("just words", "must be a mapping with the keys"),
        ("- 1\n- 2", "must be a mapping with the keys"),
        ("name: [", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_spec_is_refused(file, content, said):
    assert said in complaint(file(content))


def test_a_missing_file_a_folder_and_bytes_that_are_no_text_are_refused(tmp_path):
    assert complaint(tmp_path / "none.yaml") == f"{tmp_path / 'none.yaml'}: no such file"
    assert "cannot be read: Is a directory" in complaint(tmp_path)
    (tmp_path / "binary.yaml").write_bytes(b"# a\nname: \xff\xfe")
    expected = f"{tmp_path / 'binary.yaml'}:2: not valid YAML: not UTF-8 text at byte 10"
    assert complaint(tmp_path / "binary.yaml") == expected


@pytest.mark.parametrize(
    "name",
    ["a", "A-b_c.9", "0", "x" * 64],
)
def test_a_plain_name_is_taken(name):
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "..", ".a", "-a", "../../x", "a/b", "a b", "a\n", "x" * 65, "x" * 600, "é", "a\\b", "a:b", "a;drop"]
)
def test_a_name_that_could_leave_its_folder_or_its_line_is_refused(name):
    with pytest.raises(SpecError, match=r"^name: must be 1 to 64 letters") as caught:
        check_name(name)
    assert len(str(caught.value)) < 250 and "\n" not in str(caught.value)


@given(st.text(max_size=80))
def test_a_name_that_passes_is_a_single_path_part(name):
    try:
        check_name(name)
    except SpecError:
        return
    assert "/" not in name and name not in ("", ".", "..") and name.isprintable()


def test_overrides_change_single_values_and_are_checked_like_the_file(file):
    path = file(GOOD)
    spec = load_spec(path, ["search.trials=7", "space.learning_rate.high=1e-2", "settings.epochs=3", "name=other"]).spec
    assert (spec.search.trials, spec.space["learning_rate"].high, spec.settings, spec.name) == (
        7,
        0.01,
        {"epochs": 3},
        "other",
    )
    assert load_spec(path, ["space.hidden.choices=[[1], [2]]"]).spec.space["hidden"].choices == ([1], [2])
    assert load_spec(path, ["trainer=a=b:c"]).spec.trainer == "a=b:c"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("search.trials=0", "--set: search.trials: must be greater than or equal to 1, got 0"),
        ("search.trails=5", "--set: search: unknown key 'trails' (did you mean 'trials'?)"),
        ("search.trials", "--set search.trials: must be KEY=VALUE"),
        ("=5", "--set =5: must be KEY=VALUE"),
        ("search..trials=5", "must be KEY=VALUE"),
        ("name.first=5", "name is 'good', not a mapping"),
        ("search.trials=[", "--set search.trials:1: not valid YAML"),
        ("search.trials=!!python/name:os.system x", "not valid YAML"),
    ],
)
def test_a_bad_override_is_told_as_one(file, override, said):
    assert said in complaint(file(GOOD), [override])


def test_mappings_and_specs_are_taken_as_well_and_left_unchanged():
    mapping = tiny()
    spec = load_spec(mapping, ["search.trials=9"]).spec
    assert mapping == tiny()
    assert load_spec(spec).spec == spec
    assert "unknown key 'nme'" in complaint({**tiny(), "nme": "x"})


def test_a_spec_survives_being_stored_as_json():
    spec = load_spec(tiny(space={"hidden": {"choices": [[5], [5, 5]]}, "k": {"low": 1, "high": 9}})).spec
    again = SweepSpec.model_validate_json(spec.model_dump_json())
    assert again == spec and again.fingerprint() == spec.fingerprint() and again.space["k"].integer


@pytest.mark.parametrize(
    "override", ["search.trials=99", "workers=7", "cpus=2", "search.max_failures=3", "trial_timeout_seconds=9"]
)
def test_budget_and_workers_do_not_change_the_fingerprint(override):
    assert load_spec(tiny(), [override]).spec.fingerprint() == load_spec(tiny()).spec.fingerprint()


@pytest.mark.parametrize(
    "override", ["search.seed=1", "settings.epochs=6", "space.x.high=2.0", "trainer=mlp", "data.seed=3", "name=b"]
)
def test_what_shapes_a_trial_changes_the_fingerprint(override):
    assert load_spec(tiny(), [override]).spec.fingerprint() != load_spec(tiny()).spec.fingerprint()


@pytest.mark.parametrize(
    ("search", "maximize"),
    [
        ({}, True),
        ({"metric": "val_loss"}, False),
        ({"metric": "val_rmse"}, False),
        ({"metric": "val_loss", "direction": "maximize"}, True),
        ({"metric": "f1"}, True),
    ],
)
def test_losses_and_errors_are_minimized_unless_told_otherwise(search, maximize):
    assert load_spec({**tiny(), "search": search}).spec.search.maximize is maximize


def test_a_sampler_or_pruner_takes_settings_of_its_own():
    spec = load_spec({**tiny(), "search": {"sampler": {"name": "tpe", "n_startup_trials": 3}}}).spec
    assert spec.search.sampler.settings == {"n_startup_trials": 3}
    assert "unknown sampler None" in complaint({**tiny(), "search": {"sampler": {"n_startup_trials": 3}}})
