"""A stored model comes back bit by bit; one that was damaged or altered is refused with the file, rule and value."""

from __future__ import annotations

import json
import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hpsearch.data.transform import TRANSFORMS, fit
from hpsearch.errors import ModelFolderError, StoreError, TrainerError
from hpsearch.model.bundle import Bundle, copy_checked, load, save, stored_digest
from hpsearch.model.files import digest_of
from hpsearch.model.predictor import Predictor

FILES = ["arrays.safetensors", "hpsearch.json"]


def change(folder: Path, **fields) -> None:
    """Change fields of the description, as someone who alters a model would."""
    content = json.loads((folder / "hpsearch.json").read_text())
    (folder / "hpsearch.json").write_text(json.dumps(content | fields))


def change_arrays(folder: Path, **fields) -> None:
    """Change what the description declares of the arrays' file."""
    content = json.loads((folder / "hpsearch.json").read_text())
    change(folder, arrays=content["arrays"] | fields)


def rewrite(folder: Path, content: bytes) -> None:
    """Replace the arrays' file and make the description agree."""
    (folder / "arrays.safetensors").write_bytes(content)
    change_arrays(folder, size=len(content), sha256=digest_of(content))


def redeclare(folder: Path, name: str, **fields) -> None:
    """Change what is declared of one array."""
    arrays = json.loads((folder / "hpsearch.json").read_text())["arrays"]["arrays"]
    change_arrays(folder, arrays=arrays | {name: arrays[name] | fields})


def test_a_bundle_is_stored_as_two_files_without_a_pickle(folder):
    assert sorted(path.name for path in folder.iterdir()) == FILES
    arrays = safetensors.numpy.load_file(folder / "arrays.safetensors")
    assert "model/weights" in arrays and "transform/mean" in arrays
    content = json.loads((folder / "hpsearch.json").read_text())
    assert content["trainer"] == "softmax_trainer:Softmax" and content["format"] == 2 and "hpsearch" in content


def test_everything_comes_back(bundle, folder):
    again = load(folder)
    assert (again.trainer, again.config, again.classes) == (bundle.trainer, bundle.config, bundle.classes)
    assert (again.features, again.image_shape, again.task) == (bundle.features, bundle.image_shape, bundle.task)
    assert again.arrays["weights"].tobytes() == bundle.arrays["weights"].tobytes()
    assert again.transform.state()[0] == bundle.transform.state()[0]


@pytest.mark.parametrize("classes", [("a", "b"), (3, 7), (False, True), (0.5, 1.5)])
def test_classes_keep_their_type(bundle, tmp_path, classes):
    save(replace(bundle, classes=classes), tmp_path)
    again = load(tmp_path).classes
    assert again == classes and [type(label) for label in again] == [type(label) for label in classes]


def test_the_same_bundle_gives_the_same_digest_and_another_another(bundle, tmp_path):
    digest = save(bundle, tmp_path / "a")
    assert digest == save(bundle, tmp_path / "b") == digest_of((tmp_path / "a" / "hpsearch.json").read_bytes())
    assert digest == stored_digest(tmp_path / "a")
    assert digest != save(replace(bundle, classes=("a", "b", "c")), tmp_path / "c")
    assert digest != save(replace(bundle, arrays={"weights": bundle.arrays["weights"] + 1}), tmp_path / "d")
    assert load(tmp_path / "a", digest).classes == bundle.classes


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(sorted(TRANSFORMS)),
    weights=hnp.arrays(st.sampled_from([np.float32, np.float64]), (3, 2), elements=st.floats(-1, 1, width=32)),
    order=st.sampled_from("CF"),
    seed=st.integers(0, 2**32 - 1),
)
def test_saving_and_loading_changes_no_bit_of_a_prediction(tmp_path, resolve, kind, weights, order, seed):
    X = np.random.default_rng(seed).normal(size=(20, 3))
    arrays = {"weights": np.asarray(weights, order=order)}
    before = Bundle("t:Softmax", {"units": [3, 2]}, arrays, fit(kind, X), ("no", "yes"), ("a", "b", "c"))
    save(before, tmp_path)
    first, second = (Predictor.from_bundle(bundle, resolve) for bundle in (before, load(tmp_path)))
    assert first.predict_proba(X).tobytes() == second.predict_proba(X).tobytes()
    assert first.predict(X).tolist() == second.predict(X).tolist()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"config": {"rate": float("nan")}}, "config of a model's state must be JSON-able"),
        ({"config": {"weights": np.zeros(2)}}, "must be JSON-able"),
        ({"arrays": {"w": np.array([None])}}, "array 'w' must hold numbers, got object"),
        ({"arrays": {"w": np.array(["text"])}}, "array 'w' must hold numbers"),
        ({"arrays": {"../w": np.zeros(2)}}, r"array names must be letters.*got '\.\./w'"),
        ({"config": {"text": "x" * (9 << 20)}}, r"hpsearch\.json of a model must have at most 8,388,608 bytes"),
    ],
)
def test_a_state_that_cannot_be_stored_is_the_trainers_error(bundle, tmp_path, state, message):
    with pytest.raises(TrainerError, match=message):
        save(replace(bundle, **state), tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_folder_that_cannot_be_written_is_named(bundle, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="the model cannot be written"):
        save(bundle, tmp_path / "file" / "model")


def test_a_copy_holds_our_files_alone_and_has_the_same_digest(folder, tmp_path):
    (folder / "code.py").write_text("print('ran')")
    copy_checked(folder, tmp_path / "copy")
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == FILES
    load(tmp_path / "copy", stored_digest(folder))


@pytest.mark.parametrize(
    ("classes", "word"),
    [(("a", "b"), "string"), ((3, 7), "long"), ((False, True), "boolean"), ((0.5, 1.5), "double"), ((), None)],
)
def test_the_type_of_the_labels_has_mlflows_word(bundle, classes, word):
    assert replace(bundle, classes=classes).label_type == word


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelFolderError, match=rf"{name}: is missing"):
        load(folder)


def test_a_changed_byte_is_found_by_the_checksum(folder):
    content = bytearray((folder / "arrays.safetensors").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "arrays.safetensors").write_bytes(content)
    with pytest.raises(ModelFolderError, match=r"arrays\.safetensors: sha256 must be [0-9a-f]{64} as declared, got"):
        load(folder)


def test_truncated_arrays_are_found_by_their_size(folder):
    content = (folder / "arrays.safetensors").read_bytes()
    (folder / "arrays.safetensors").write_bytes(content[:-8])
    with pytest.raises(ModelFolderError, match=r"arrays\.safetensors: size must be [\d,]+ bytes as declared, got"):
        load(folder)


def test_truncated_arrays_with_a_description_to_match_are_refused(folder):
    rewrite(folder, (folder / "arrays.safetensors").read_bytes()[:-8])
    with pytest.raises(ModelFolderError, match=r"arrays\.safetensors: not a readable safetensors file \(.*\)$"):
        load(folder)


def test_an_altered_model_with_a_description_to_match_is_found_by_the_recorded_digest(folder):
    digest = stored_digest(folder)
    change(folder, classes=["x", "y", "z"])
    assert load(folder).classes == ("x", "y", "z")
    with pytest.raises(ModelFolderError, match=rf"hpsearch\.json: sha256 must be {digest} as recorded"):
        load(folder, digest)


def test_other_arrays_with_a_description_to_match_are_found_by_the_recorded_digest(folder, bundle, tmp_path):
    digest = stored_digest(folder)
    save(replace(bundle, arrays={"weights": bundle.arrays["weights"] * 2}), folder)
    with pytest.raises(ModelFolderError, match="the model was altered"):
        load(folder, digest)


def test_a_description_beside_an_older_model_does_not_slip_past_its_digest(bundle, first_folder, tmp_path):
    digest = stored_digest(first_folder)
    save(bundle, tmp_path / "other")
    for name in FILES:
        (tmp_path / "other" / name).rename(first_folder / name)
    with pytest.raises(ModelFolderError, match=r"hpsearch\.json: sha256 must be .* as recorded"):
        load(first_folder, digest)


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside", "arrays.safetensors"])
def test_a_description_names_no_file(folder, path):
    change_arrays(folder, file=path)
    with pytest.raises(ModelFolderError, match=r"arrays must be a mapping of arrays, sha256, size, got"):
        load(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_link_that_leaves_the_folder_is_refused(folder, tmp_path, name):
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    with pytest.raises(ModelFolderError, match=rf"{name}: must be a file in the folder itself, got a link to"):
        load(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
@pytest.mark.parametrize("name", FILES)
def test_a_pipe_in_place_of_a_file_does_not_hang(folder, name):
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(ModelFolderError, match="must be a file in the folder itself"):
        load(folder)


def test_a_pickle_in_place_of_the_arrays_is_refused_and_nothing_runs(folder, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    rewrite(folder, pickle.dumps({"model/weights": Trap()}))
    with pytest.raises(
        ModelFolderError, match=r"arrays\.safetensors: (the arrays take|not a readable safetensors file)"
    ):
        load(folder)
    assert not (tmp_path / "ran").exists()


def test_a_terabyte_is_refused_before_it_is_allocated(folder):
    redeclare(folder, "model/weights", shape=[125_000, 10**6])
    with pytest.raises(
        ModelFolderError, match=r"the arrays take 1,000,000,000,\d+ bytes as declared, the file has \d+"
    ):
        load(folder)


@pytest.mark.parametrize("shape", [[4, 2], [12], [4, 3, 1], [3, 4]])
def test_a_shape_other_than_declared_is_refused(folder, shape):
    redeclare(folder, "model/weights", shape=shape)
    with pytest.raises(
        ModelFolderError, match=r"array 'model/weights': the file must hold .* as declared, got <f8 \(4, 3\)"
    ):
        load(folder)


def test_a_transform_for_other_features_is_refused(folder):
    change(folder, features=["a", "b", "c"])
    with pytest.raises(ModelFolderError, match=r"model: features must be 4 names, got 3"):
        load(folder)


def test_a_transform_whose_arrays_are_others_is_refused(folder):
    change(folder, transform={"kind": "standardize", "features": 4})
    with pytest.raises(ModelFolderError, match="transform standardize: arrays must be"):
        load(folder)
