"""What MLflow gets to know: `store` speaks to it, `recorder` writes behind the search, `spool` keeps what waits."""
