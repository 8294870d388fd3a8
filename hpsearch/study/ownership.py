"""Whose a stored study is, and whether its making came to an end: told by the attributes that stand beside it.

`stored_study` makes and opens studies with it. A storage may be shared with other users of Optuna.
"""

from __future__ import annotations

from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.study import StudyDirection

from hpsearch.config.addresses import redact
from hpsearch.errors import SweepExists, UnknownSweep
from hpsearch.spec import SweepSpec

_MARK = "hpsearch-study"  # the first attribute of a study that is ours


def make_study(storage: BaseStorage, spec: SweepSpec, attributes: dict[str, Any]) -> None:
    """Make a study with its attributes; of one whose maker was killed, or whose making was not answered, a new one."""
    if is_listed(storage, spec.name):
        if not is_half_made(storage, spec.name):
            raise SweepExists(spec.name)
        storage.delete_study(storage.get_study_id_from_name(spec.name))
    directions = [
        StudyDirection.MAXIMIZE if maximize else StudyDirection.MINIMIZE for maximize in spec.search.maximizes.values()
    ]
    try:
        study_id = storage.create_new_study(directions, spec.name)
    except optuna.exceptions.DuplicatedStudyError:
        raise SweepExists(spec.name) from None
    for name, value in {_MARK: True, **attributes, "spec": spec.model_dump_json()}.items():
        storage.set_study_user_attr(study_id, name, value)


def stored_spec(storage: BaseStorage, url: str, name: str) -> SweepSpec:
    """Return the spec of a stored study, or say why there is none."""
    if not is_listed(storage, name):
        names = ", ".join(sorted(optuna.get_all_study_names(storage=storage))) or "none"
        raise UnknownSweep(f"{name}: no such sweep in {redact(url)}; there are: {names}")
    attributes = storage.get_study_user_attrs(storage.get_study_id_from_name(name))
    if "spec" in attributes:
        return SweepSpec.model_validate_json(attributes["spec"])
    if _MARK in attributes:
        raise UnknownSweep(f"{name}: its driver was killed before the sweep had begun: begin it again, hpsearch run")
    raise UnknownSweep(f"{name}: a study of that name exists in {redact(url)}, but not one of hpsearch")


def is_listed(storage: BaseStorage, name: str) -> bool:
    """Whether the storage has a study of that name, whoever made it."""
    try:
        storage.get_study_id_from_name(name)
    except KeyError:
        return False
    return True


def is_half_made(storage: BaseStorage, name: str) -> bool:
    """Whether the study's driver was killed before it could say what the study is: ours or empty, and no trial."""
    number = storage.get_study_id_from_name(name)
    attributes = storage.get_study_user_attrs(number)
    ours = not attributes or _MARK in attributes
    return ours and not attributes.get("spec") and not storage.get_n_trials(number)
