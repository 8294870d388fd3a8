"""Each example has a first line, its own name, and a sweep that runs; its networks and data are the articles'."""

from __future__ import annotations

import pytest

from hpsearch import run
from hpsearch.errors import SpecError
from hpsearch.examples import FOLDER, example_path, examples
from hpsearch.spec import load_spec

ARTICLES = {
    "a-plain",
    "a-hot",
    "a-batchnorm",
    "b-digits",
    "c-tanh",
    "c-hidden-sizes",
    "d-diamond",
    "d-regression",
    "d-convolution",
    "e-pytorch",
    "oscillating",
}


def test_there_is_one_for_each_article():
    assert set(examples()) >= ARTICLES


@pytest.mark.parametrize("name", sorted(ARTICLES))
def test_each_is_named_after_its_file_and_says_what_it_shows(name):
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# ") and len(examples()[name]) > 40
    assert load_spec(example_path(name)).spec.name == name


@pytest.mark.parametrize("name", sorted(ARTICLES - {"e-pytorch"}))
def test_each_runs(name, home, no_pictures):
    short = ["search.trials=1", "settings.epochs=2"]
    found = run(example_path(name), overrides=short, home=home, progress=False, in_process=True)
    assert found.summary.counts.complete == 1
    assert found.test is not None and found.test.baseline is not None


def test_numpy_and_pytorch_run_side_by_side(home):
    pytest.importorskip("torch", reason="PyTorch is an optional part")
    short = ["settings.epochs=30", "space.learning_rate={low: 0.1, high: 0.2, step: 0.1}", "search.trials=4"]
    found = run(example_path("e-pytorch"), overrides=short, home=home, progress=False, in_process=True)
    table = found.trials.pivot_table(index="params.learning_rate", columns="params.framework", values="value")
    assert table["numpy"].to_numpy() == pytest.approx(table["torch"].to_numpy(), abs=0.02)


def test_an_unknown_name_is_guessed():
    with pytest.raises(SpecError, match=r"--example: unknown example 'a-plane' \(did you mean 'a-plain'\?\)"):
        example_path("a-plane")


def test_data_named_on_the_command_line_replace_the_examples_own(tmp_path):
    given = load_spec(example_path("b-digits"), ["data.path=images", "data.labels=labels"]).spec.data
    assert (given.dataset, given.path, given.labels) == (None, "images", "labels")
    given = load_spec(example_path("a-plain"), ["data.dataset=iris"]).spec.data
    assert (given.dataset, given.options) == ("iris", {})
