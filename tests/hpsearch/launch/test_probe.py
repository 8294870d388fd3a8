"""What the probe says of a study's database that cannot be used: why, and never its password."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hpsearch.launch.probe import _study


@pytest.mark.parametrize("storage", ["postgresql+psycopg://me:canary@127.0.0.1:9/hp", "no address, canary"])
def test_a_database_that_cannot_be_used_is_told_without_its_password(addresses, storage):
    said = _study(replace(addresses, storage=storage))
    assert set(said) == {"error"} and ": " in said["error"] and "me:canary" not in said["error"]


def test_a_password_among_the_options_is_not_told_either(addresses):
    said = _study(replace(addresses, storage="postgresql+psycopg://127.0.0.1:9/hp?user=me&password=canary"))
    assert said["error"].startswith("postgresql+psycopg://127.0.0.1:9/hp: ") and "canary" not in said["error"]
