"""The report of a sweep as one page that needs no network: `gather` reads MLflow, `page` writes HTML.

The pictures are those of `hpsearch.figures`; behind the command `hpsearch report`.
"""
