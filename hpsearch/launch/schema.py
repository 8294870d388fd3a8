"""Makes the study's tables, once, before anything else of the cluster starts: ``python -m hpsearch.launch.schema``.

Two drivers that made them at the same time would trip over each other.
"""

from __future__ import annotations

import sys

from hpsearch.config.addresses import Addresses
from hpsearch.errors import HpsearchError
from hpsearch.study.study import Study


def main() -> None:
    """Make the tables; they may be there."""
    addresses = Addresses.find()
    try:
        addresses.make()
        Study.exists(addresses.storage, "any")  # looking makes what is missing
    except HpsearchError as error:
        sys.exit(f"hpsearch: {error}")


if __name__ == "__main__":
    main()
