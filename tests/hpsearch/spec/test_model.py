"""Names that would be taken for something else."""

from __future__ import annotations

import pytest

from hpsearch.errors import SpecError
from hpsearch.spec import check_name


@pytest.mark.parametrize("name", ["x.yaml", "x.yml"])
def test_a_name_that_resume_would_take_for_a_spec_is_refused(name):
    with pytest.raises(SpecError, match=rf"^name: must not end in \.yaml or \.yml, .* got '{name}'$"):
        check_name(name)


@pytest.mark.parametrize("name", ["yaml", "x.yaml.1", "xyml"])
def test_a_name_that_only_looks_alike_is_taken(name):
    assert check_name(name) == name
