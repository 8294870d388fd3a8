"""How several sweeps share a cluster: each gets what it wants, up to an even share of what there is.

Every driver reckons this alike from what all of them want, so they agree without talking to each other. Used by
`ray_workers`; knows no Ray.
"""

from __future__ import annotations

from collections.abc import Mapping


def even_shares(wanted: Mapping[str, int], addresses: int) -> dict[str, int]:
    """Divide `addresses` so that nobody's share can grow without taking from a smaller one (max-min fairness).

    Parameters
    ----------
    wanted : how many workers each sweep wants, by its name
    addresses : how many workers fit into the cluster

    Returns
    -------
    dict of int
        At most what was wanted; what an even division leaves over goes to the first names.
    """
    shares = dict.fromkeys(sorted(wanted), 0)
    for _ in range(addresses):
        hungry = [name for name in shares if shares[name] < wanted[name]]
        if not hungry:
            break
        shares[min(hungry, key=lambda name: shares[name])] += 1
    return shares
