"""Folders that were written first still load, and are believed no more than they were: each rule keeps its message."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib import format as npy

from hpsearch.errors import ModelFolderError
from hpsearch.model.bundle import copy_checked, load, save, stored_digest
from hpsearch.model.files import digest_of
from hpsearch.model.first_format import LIMITS, parse
from hpsearch.model.loader import _load_pyfunc
from hpsearch.model.predictor import Predictor

DATA = Path(__file__).parent / "data"
STORED = DATA / "first_format"  # an mlp on iris, as a sweep stored it then
FILES = ["arrays.npz", "config.json", "manifest.json"]


@pytest.fixture
def predictions():
    return json.loads((DATA / "first_format_predictions.json").read_text())


@pytest.mark.parametrize("load_it", [Predictor.from_folder, _load_pyfunc], ids=["from_folder", "mlflow"])
def test_a_model_that_was_stored_then_predicts_what_it_predicted_then(predictions, load_it):
    model, rows = load_it(STORED), np.array(predictions["rows"])
    probabilities = model.predict(rows, {"proba": True}) if load_it is _load_pyfunc else model.predict_proba(rows)
    assert model.predict(rows).tolist() == predictions["labels"]
    np.testing.assert_allclose(probabilities, predictions["probabilities"], rtol=0, atol=1e-6)


def test_the_digest_recorded_then_is_that_of_its_manifest():
    digest = "8d4c56250e57d923d556635cb94de0787ff5d52c9af77d080f66c6da5cf8031b"
    assert stored_digest(STORED) == digest
    assert load(STORED, digest).trainer == "mlp"
    with pytest.raises(ModelFolderError, match=rf"manifest\.json: sha256 must be {'0' * 64} as recorded"):
        load(STORED, "0" * 64)


def test_a_copy_has_the_same_files_and_the_same_digest(tmp_path):
    copy_checked(STORED, tmp_path / "copy")
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == FILES
    assert stored_digest(tmp_path / "copy") == stored_digest(STORED)


def test_a_model_is_read_in_one_format_and_stored_in_the_other(tmp_path, predictions):
    before, rows = load(STORED), np.array(predictions["rows"])
    save(before, tmp_path)
    expected = Predictor.from_bundle(before).predict_proba(rows)
    assert Predictor.from_folder(tmp_path).predict_proba(rows).tobytes() == expected.tobytes()


def test_a_model_that_is_stored_where_an_older_one_lay_takes_its_place(bundle, first_folder):
    digest = save(bundle, first_folder)
    assert sorted(path.name for path in first_folder.iterdir()) == ["arrays.safetensors", "hpsearch.json"]
    assert stored_digest(first_folder) == digest


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


@pytest.mark.parametrize("name", ["arrays.npz", "config.json"])
def test_a_missing_file_is_named(first_folder, name):
    (first_folder / name).unlink()
    with pytest.raises(ModelFolderError, match=rf"{name}: is missing"):
        load(first_folder)


def test_without_its_manifest_it_is_no_model(first_folder):
    (first_folder / "manifest.json").unlink()
    with pytest.raises(ModelFolderError, match=r"hpsearch\.json: is missing"):
        load(first_folder)


@pytest.mark.parametrize("name", ["arrays.npz", "config.json"])
def test_a_changed_byte_is_found_by_the_checksum(first_folder, name):
    content = bytearray((first_folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (first_folder / name).write_bytes(content)
    with pytest.raises(ModelFolderError, match=rf"{name}: sha256 must be [0-9a-f]{{64}} as declared, got"):
        load(first_folder)


def test_truncated_arrays_are_found_by_their_size(first_folder):
    content = (first_folder / "arrays.npz").read_bytes()
    (first_folder / "arrays.npz").write_bytes(content[:-100])
    with pytest.raises(ModelFolderError, match=r"arrays\.npz: size must be [\d,]+ bytes as declared, got"):
        load(first_folder)


def test_truncated_arrays_with_a_manifest_to_match_are_refused(first_folder):
    rewrite(first_folder, "arrays.npz", (first_folder / "arrays.npz").read_bytes()[:-100])
    with pytest.raises(ModelFolderError, match=r"arrays\.npz: not a readable npz archive"):
        load(first_folder)


def test_an_altered_model_with_a_manifest_to_match_is_found_by_the_recorded_digest(bundle, first_folder):
    digest = digest_of((first_folder / "manifest.json").read_bytes())
    change_config(first_folder, classes=["x", "y", "z"])
    assert load(first_folder).classes == ("x", "y", "z")
    with pytest.raises(ModelFolderError, match=rf"manifest\.json: sha256 must be {digest} as recorded"):
        load(first_folder, digest)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../outside", "..", "a/b", "a\\b", "c:x", "", ".hidden", "a..b", "a\0"]
)
def test_a_file_name_that_is_not_plain_is_refused(first_folder, name):
    change_manifest(first_folder, lambda m: m["files"].update({name: m["files"]["config.json"]}))
    with pytest.raises(ModelFolderError, match=r"manifest\.json: files must have plain names without folders, got"):
        load(first_folder)


def test_another_file_than_ours_is_refused(first_folder):
    change_manifest(first_folder, lambda m: m["files"].update({"code.py": m["files"]["config.json"]}))
    with pytest.raises(ModelFolderError, match=r"files must be config\.json, arrays\.npz, got 'code\.py'"):
        load(first_folder)


def test_a_link_that_leaves_the_folder_is_refused(first_folder, tmp_path):
    (first_folder / "config.json").rename(tmp_path / "config.json")
    (first_folder / "config.json").symlink_to(tmp_path / "config.json")
    with pytest.raises(ModelFolderError, match=r"must be a file in the folder itself, got a link to"):
        load(first_folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_in_place_of_a_file_does_not_hang(first_folder):
    (first_folder / "config.json").unlink()
    os.mkfifo(first_folder / "config.json")
    with pytest.raises(ModelFolderError, match="must be a file in the folder itself"):
        load(first_folder)


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


def test_arrays_that_need_a_pickle_are_refused_and_nothing_runs(first_folder, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    content = io.BytesIO()
    np.savez(content, **{"model/weights": np.array([Trap()], dtype=object)})
    rewrite(first_folder, "arrays.npz", content.getvalue())
    with pytest.raises(ModelFolderError, match=r"arrays\.npz: array 'model/weights': only numbers.*pickle"):
        load(first_folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("dtype", "message"),
    [
        ("<f8", "takes 1,000,000,000,000 bytes, the file holds 0"),
        ("<U0", "items must take a byte at least, got dtype <U0"),
        ("|S0", r"items must take a byte at least, got dtype \|S0"),
    ],
)
def test_a_terabyte_shape_is_refused_before_it_is_allocated(first_folder, dtype, message):
    rewrite(first_folder, "arrays.npz", npz({"model/weights": npy_header((125_000, 10**6), dtype)}))
    change_manifest(first_folder, lambda m: m["arrays"]["model/weights"].update(shape=[125_000, 10**6], dtype=dtype))
    with pytest.raises(ModelFolderError, match=message):
        load(first_folder)


def test_arrays_packed_by_a_method_that_is_not_ours_are_refused(first_folder):
    content = bytearray(npz({"model/weights": npy_header((0,), "<f8")}, zipfile.ZIP_LZMA))
    content[60:70] = b"\xff" * 10
    rewrite(first_folder, "arrays.npz", bytes(content))
    with pytest.raises(ModelFolderError, match="must be stored or deflated, got zip method 14"):
        load(first_folder)


@pytest.mark.parametrize("shape", [[4, 4], [12], [4, 3, 1]])
def test_a_shape_other_than_declared_is_refused(first_folder, shape):
    change_manifest(first_folder, lambda m: m["arrays"]["model/weights"].update(shape=shape))
    with pytest.raises(ModelFolderError, match=r"array 'model/weights': declared <f8 \(.*\), got <f8 \(4, 3\)"):
        load(first_folder)


def test_a_transform_for_other_features_is_refused(first_folder):
    change_config(first_folder, features=["a", "b", "c"])
    with pytest.raises(ModelFolderError, match=r"first: features must be 4 names, got 3"):
        load(first_folder)


def test_a_transform_whose_arrays_are_others_is_refused(first_folder):
    change_config(first_folder, transform={"kind": "standardize", "features": 4})
    with pytest.raises(ModelFolderError, match="transform standardize: arrays must be"):
        load(first_folder)


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
def test_a_config_that_breaks_a_rule_is_refused(first_folder, fields, message):
    change_config(first_folder, **fields)
    with pytest.raises(ModelFolderError, match=message):
        load(first_folder)


CONFIG = {"size": 2, "sha256": digest_of(b"{}")}
GOOD = {
    "format": 1,
    "files": {"config.json": CONFIG, "arrays.npz": {"size": 1, "sha256": digest_of(b"x")}},
    "arrays": {"model/w": {"dtype": "<f8", "shape": [2, 3]}},
}


def test_a_manifest_is_understood():
    manifest = parse(json.dumps(GOOD).encode(), "here")
    assert manifest.arrays == {"model/w": ("<f8", (2, 3))}
    assert manifest.files["arrays.npz"].size == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "here: must be a JSON object"),
        (b"[]", "must be a JSON object, got a list"),
        (b"\xff", "must be a JSON object"),
        (b"[" * 100_000, "must be a JSON object"),
        (b'{"format": NaN}', "constant NaN"),
        (b'{"format": 1, "format": 1}', "the same key twice"),
        (b'{"format": ' + b"1" * 10_000 + b"}", "must be a JSON object"),
        (b"{}", r"format must be a version that is understood \(1\), got None"),
        (b'{"format": 99}', "got 99"),
        (b'{"format": true}', "got True"),
    ],
)
def test_a_text_that_is_no_manifest_is_refused(content, message):
    with pytest.raises(ModelFolderError, match=message):
        parse(content, "here")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"files": []}, "files must be a mapping"),
        ({"files": {}}, "files must be config.json, arrays.npz, got none"),
        ({"files": {"config.json": CONFIG}}, "got config.json"),
        ({"files": {"config.json": None}}, r"files.config.json.size must be from 0 to 4,194,304, got None"),
        ({"files": {"config.json": CONFIG | {"size": -1}}}, "got -1"),
        ({"files": {"config.json": CONFIG | {"size": 2**60}}}, "size must be from 0 to"),
        ({"files": {"config.json": CONFIG | {"size": True}}}, "size must be from 0 to"),
        ({"files": {"config.json": CONFIG | {"sha256": "abc"}}}, "sha256 must be 64 hexadecimal digits, got 'abc'"),
        ({"arrays": None}, "arrays must be a mapping"),
        ({"arrays": {"w": {"dtype": "<f8"}}}, "arrays.w must have a dtype and a shape"),
        ({"arrays": {"w": {"dtype": "<f8", "shape": [-1]}}}, "arrays.w must have a dtype and a shape"),
        ({"arrays": {"w": {"dtype": "<f8", "shape": [1.5]}}}, "arrays.w must have a dtype and a shape"),
        ({"arrays": {"w": {"dtype": "<f8", "shape": [1] * 33}}}, "arrays.w must have a dtype and a shape"),
        ({"arrays": {"w": "<f8"}}, "arrays.w must have a dtype and a shape"),
    ],
)
def test_a_field_that_breaks_a_rule_is_named(change, message):
    with pytest.raises(ModelFolderError, match=message):
        parse(json.dumps(GOOD | change).encode(), "here")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.sampled_from(["format", "files", "arrays"]), JSON)
def test_any_value_in_any_field_is_understood_or_refused_by_name(field, value):
    try:
        parse(json.dumps(GOOD | {field: value}).encode(), "here")
    except ModelFolderError as error:
        assert str(error).startswith("here: ")


def test_a_manifest_larger_than_its_limit_is_not_read(tmp_path):
    with (tmp_path / "manifest.json").open("wb") as stream:
        stream.truncate(LIMITS["manifest.json"] + 1)
    with pytest.raises(ModelFolderError, match=r"manifest\.json: must be at most 4,194,304 bytes, got 4,194,305"):
        load(tmp_path)
