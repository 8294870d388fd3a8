"""What goes to an MLflow server through its REST API, without MLflow's own library.

`link` speaks HTTP, `version` asks who answers, `store` writes and reads runs, `registry` and `artifacts` the rest.
"""
