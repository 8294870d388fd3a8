"""A stored model comes back bit by bit; one that was damaged or altered is refused with the file, rule and value."""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.lib import format as npy

from hpsearch.data.transform import TRANSFORMS, fit
from hpsearch.errors import ModelFolderError, StoreError, TrainerError
from hpsearch.model.bundle import Bundle, copy_checked, load, save
from hpsearch.model.manifest import digest_of
from hpsearch.model.predictor import Predictor


def rewrite(folder: Path, name: str, content: bytes) -> None:
    """Replace a file and make the manifest agree, as someone who alters a model would."""
    (folder / name).write_bytes(content)
    change_manifest(folder, lambda m: m["files"].update({name: {"size": len(content), "sha256": digest_of(content)}}))


def change_manifest(folder: Path, change) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def change_config(folder: Path, **fields) -> None:
    config = json.loads((folder / "config.json").read_text())
    rewrite(folder, "config.json", json.dumps(config | fields).encode())


def test_a_bundle_is_stored_as_three_files_without_a_pickle(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["arrays.npz", "config.json", "manifest.json"]
    with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
        assert "model/weights" in arrays and "transform/mean" in arrays
    config = json.loads((folder / "config.json").read_text())
    assert config["trainer"] == "softmax_trainer:Softmax" and config["format"] == 1 and "hpsearch" in config


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
    assert digest == save(bundle, tmp_path / "b") == digest_of((tmp_path / "a" / "manifest.json").read_bytes())
    assert digest != save(replace(bundle, classes=("a", "b", "c")), tmp_path / "c")
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
        ({"config": {"text": "x" * (5 << 20)}}, r"config\.json of a model must have at most 4,194,304 bytes"),
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
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == ["arrays.npz", "config.json", "manifest.json"]
    load(tmp_path / "copy", digest_of((folder / "manifest.json").read_bytes()))


@pytest.mark.parametrize(
    ("classes", "word"),
    [(("a", "b"), "string"), ((3, 7), "long"), ((False, True), "boolean"), ((0.5, 1.5), "double"), ((), None)],
)
def test_the_type_of_the_labels_has_mlflows_word(bundle, classes, word):
    assert replace(bundle, classes=classes).label_type == word


@pytest.mark.parametrize("name", ["arrays.npz", "config.json", "manifest.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelFolderError, match=rf"{name}: is missing"):
        load(folder)


@pytest.mark.parametrize("name", ["arrays.npz", "config.json"])
def test_a_changed_byte_is_found_by_the_checksum(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelFolderError, match=rf"{name}: sha256 must be [0-9a-f]{{64}} as in manifest\.json, got"):
        load(folder)


def test_truncated_arrays_are_found_by_their_size(folder):
    content = (folder / "arrays.npz").read_bytes()
    (folder / "arrays.npz").write_bytes(content[:-100])
    with pytest.raises(ModelFolderError, match=r"arrays\.npz: size must be [\d,]+ bytes as in manifest\.json, got"):
        load(folder)


def test_truncated_arrays_with_a_manifest_to_match_are_refused(folder):
    rewrite(folder, "arrays.npz", (folder / "arrays.npz").read_bytes()[:-100])
    with pytest.raises(ModelFolderError, match=r"arrays\.npz: not a readable npz archive"):
        load(folder)


def test_an_altered_model_with_a_manifest_to_match_is_found_by_the_recorded_digest(bundle, folder):
    digest = digest_of((folder / "manifest.json").read_bytes())
    change_config(folder, classes=["x", "y", "z"])
    assert load(folder).classes == ("x", "y", "z")
    with pytest.raises(ModelFolderError, match=rf"manifest\.json: sha256 must be {digest} as recorded"):
        load(folder, digest)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../outside", "..", "a/b", "a\\b", "c:x", "", ".hidden", "a..b", "a\0"]
)
def test_a_file_name_that_is_not_plain_is_refused(folder, name):
    change_manifest(folder, lambda m: m["files"].update({name: m["files"]["config.json"]}))
    with pytest.raises(ModelFolderError, match=r"manifest\.json: files must have plain names without folders, got"):
        load(folder)


def test_another_file_than_ours_is_refused(folder):
    change_manifest(folder, lambda m: m["files"].update({"code.py": m["files"]["config.json"]}))
    with pytest.raises(ModelFolderError, match=r"files must be config\.json, arrays\.npz, got 'code\.py'"):
        load(folder)


def test_a_link_that_leaves_the_folder_is_refused(folder, tmp_path):
    (folder / "config.json").rename(tmp_path / "config.json")
    (folder / "config.json").symlink_to(tmp_path / "config.json")
    with pytest.raises(ModelFolderError, match=r"must be a file in the folder itself, got a link to"):
        load(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_in_place_of_a_file_does_not_hang(folder):
    (folder / "config.json").unlink()
    os.mkfifo(folder / "config.json")
    with pytest.raises(ModelFolderError, match="must be a file in the folder itself"):
        load(folder)


def npz(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, member in members.items():
            archive.writestr(f"{name}.npy", member)
    return content.getvalue()


def npy_header(shape: tuple[int, ...], dtype: str) -> bytes:
    content = io.BytesIO()
    npy.write_array_header_1_0(content, {"descr": dtype, "fortran_order": False, "shape": shape})
    return content.getvalue()


def test_arrays_that_need_a_pickle_are_refused_and_nothing_runs(folder, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    content = io.BytesIO()
    np.savez(content, **{"model/weights": np.array([Trap()], dtype=object)})
    rewrite(folder, "arrays.npz", content.getvalue())
    with pytest.raises(ModelFolderError, match=r"arrays\.npz: array 'model/weights': only numbers.*pickle"):
        load(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("dtype", "message"),
    [
        ("<f8", "takes 1,000,000,000,000 bytes, the file holds 0"),
        ("<U0", "items must take a byte at least, got dtype <U0"),
        ("|S0", r"items must take a byte at least, got dtype \|S0"),
    ],
)
def test_a_terabyte_shape_is_refused_before_it_is_allocated(folder, dtype, message):
    rewrite(folder, "arrays.npz", npz({"model/weights": npy_header((125_000, 10**6), dtype)}))
    change_manifest(folder, lambda m: m["arrays"]["model/weights"].update(shape=[125_000, 10**6], dtype=dtype))
    with pytest.raises(ModelFolderError, match=message):
        load(folder)


def test_arrays_packed_by_a_method_that_is_not_ours_are_refused(folder):
    content = bytearray(npz({"model/weights": npy_header((0,), "<f8")}, zipfile.ZIP_LZMA))
    content[60:70] = b"\xff" * 10
    rewrite(folder, "arrays.npz", bytes(content))
    with pytest.raises(ModelFolderError, match="must be stored or deflated, got zip method 14"):
        load(folder)


@pytest.mark.parametrize("shape", [[4, 4], [12], [4, 3, 1]])
def test_a_shape_other_than_declared_is_refused(folder, shape):
    change_manifest(folder, lambda m: m["arrays"]["model/weights"].update(shape=shape))
    with pytest.raises(ModelFolderError, match=r"array 'model/weights': declared <f8 \(.*\), got <f8 \(4, 3\)"):
        load(folder)


def test_a_transform_for_other_features_is_refused(folder):
    change_config(folder, features=["a", "b", "c"])
    with pytest.raises(ModelFolderError, match=r"config\.json: features must be 4 names, got 3"):
        load(folder)


def test_a_transform_whose_arrays_are_others_is_refused(folder):
    change_config(folder, transform={"kind": "standardize", "features": 4})
    with pytest.raises(ModelFolderError, match="transform standardize: arrays must be"):
        load(folder)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"format": 2}, r"config\.json: format must be a version that is understood \(1\), got 2"),
        ({"trainer": "os.system('x')"}, "trainer must be a name or package.module:Name"),
        ({"trainer": ["mlp"]}, "trainer must be a name"),
        ({"config": []}, "config must be a mapping"),
        ({"transform": None}, "transform must be a mapping"),
        ({"task": "ranking"}, "task must be classification or regression, got 'ranking'"),
        ({"classes": ["a", 1]}, "classes must be two or more different labels of one type"),
        ({"classes": ["a", "a"]}, "classes must be two or more"),
        ({"classes": ["a"]}, "classes must be two or more"),
        ({"classes": [[1], [2]]}, "classes must be two or more"),
        ({"classes": []}, "classes must be given for classification alone"),
        ({"features": []}, "features must be a list of names"),
        ({"features": [1, 2, 3, 4]}, "features must be a list of names"),
        ({"image_shape": [2]}, "image_shape must be null or two sizes"),
    ],
)
def test_a_config_that_breaks_a_rule_is_refused(folder, fields, message):
    change_config(folder, **fields)
    with pytest.raises(ModelFolderError, match=message):
        load(folder)
