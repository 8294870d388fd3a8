"""Where do attempts at a trial run? Behind one `interface`: Ray workers, or this process for debugging.

The only room that imports Ray; `fair_share` divides a cluster between sweeps.
"""
