"""Asks for runs by their tags, page after page, whatever the tags hold: the words of MLflow's filters.

A page begins where the one before ended in time, not at a count of rows: runs that begin meanwhile shift nothing,
and no page costs more than the first. Used by both stores that ask MLflow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from hpsearch.tracking.interface import RunView

PAGE = 1000
Page = tuple[list[RunView], str | None]


def quoted(value: str) -> str | None:
    """Return a value as MLflow's filters take it; None where none of its quotes can hold it."""
    if "\\" in value or not value:  # a backslash would escape the quote behind it
        return None
    return next((f"{quote}{value}{quote}" for quote in "'\"" if quote not in value), None)


def tag_filter(tags: Mapping[str, str]) -> str:
    """Return the filter for as many of `tags` as can be said; `carries` looks at all of them."""
    said = [f"tags.`{name}` = {quoted(value)}" for name, value in tags.items() if quoted(value) and "`" not in name]
    return " and ".join(said)


def carries(run: RunView, tags: Mapping[str, str]) -> bool:
    """Whether a run has every one of `tags`."""
    return all(run.tags.get(name) == value for name, value in tags.items())


def every_run(ask: Callable[[str, str | None], Page], tags: Mapping[str, str]) -> Iterator[RunView]:
    """Yield every run that carries `tags`, the newest first.

    Parameters
    ----------
    ask : returns a page for a filter and a token, and the token of the next page, if there is one
    """
    wanted, bound, token = tag_filter(tags), None, None
    before: set[str] = set()  # of the moment at which this page begins
    while True:
        since = "" if bound is None else f"attributes.start_time <= {bound}"
        page, further = ask(" and ".join(part for part in (wanted, since) if part), token)
        yield from (run for run in page if run.run_id not in before and carries(run, tags))
        if further is None or not page:
            return
        last = page[-1].started_ms
        before = (before if last == bound else set()) | {run.run_id for run in page if run.started_ms == last}
        token = further if last == bound else None  # more runs began in one millisecond than a page holds
        bound = last
