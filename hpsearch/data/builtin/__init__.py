"""The data sets that need no file; one of them, or a small group, a module.

Each is a function from options to a `hpsearch.data.dataset.Raw`; `hpsearch.data.registry` lists them. Every option
has a default, and what is random comes from its option `seed`.
"""
