"""The data set `moons` of articles C: two interleaving half circles.

Made by scikit-learn; with the defaults these are the very points of the articles, which called `make_moons` after
`numpy.random.seed(0)`. Listed by `hpsearch.data.registry`.
"""

from __future__ import annotations

from hpsearch.data.dataset import Raw


def moons(rows: int = 200, noise: float = 0.2, seed: int = 0) -> Raw:
    """Return two half circles, half of the rows each.

    Parameters
    ----------
    rows : number of points
    noise : standard deviation of what is added to both coordinates
    seed : of scikit-learn's legacy generator, which shuffles and draws the noise
    """
    from sklearn.datasets import make_moons

    X, y = make_moons(rows, noise=noise, random_state=seed)
    return Raw(X, y, ("x", "y"))
