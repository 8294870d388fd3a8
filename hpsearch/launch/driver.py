"""The driver's first step inside the cluster: ``python -m hpsearch.launch.driver run sweep.yaml | resume NAME``.

Ray has unpacked what travelled into the current folder, which goes when the head does. It is kept in the home first,
so that a sweep can be resumed from it later; then this process becomes the usual command, under the same process id,
which Ray's signals reach.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from hpsearch.config.addresses import Addresses
from hpsearch.errors import HpsearchError
from hpsearch.launch.job_package import SPEC_FILE


def main(arguments: list[str]) -> None:
    """Run a sweep from its job package, or resume one: this process becomes the command, and exits as it does."""
    try:
        arguments = _at_home(arguments)
    except (HpsearchError, OSError) as error:
        sys.exit(f"hpsearch: {error}")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "hpsearch", *arguments, "--here"])


def _at_home(arguments: list[str]) -> list[str]:
    """Keep the job package in the home and return the arguments with the spec's place there."""
    addresses = Addresses.find()
    addresses.make()
    if SPEC_FILE not in arguments:
        return arguments
    spec = keep(Path.cwd(), addresses.home / "luggage") / SPEC_FILE  # the folder's name in homes that exist
    return [str(spec) if argument == SPEC_FILE else argument for argument in arguments]


def keep(folder: Path, into: Path) -> Path:
    """Copy `folder` below `into`, under its own name, which is a digest of its content; return the copy."""
    target = into / folder.name
    if target.is_dir():
        return target
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into) as place:
        copy = shutil.copytree(folder, Path(place, folder.name))
        try:
            Path(copy).replace(target)
        except OSError:
            if not target.is_dir():  # else another driver was faster
                raise
    return target


if __name__ == "__main__":
    main(sys.argv[1:])
