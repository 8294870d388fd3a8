"""The report of a sweep as one page that needs no network: `gather` reads MLflow, `page` renders HTML.

What stands in it say `sections`, made of `parts`; how it looks, the templates. Its pictures are those of
`hpsearch.figures`; behind the command `hpsearch report`.
"""
