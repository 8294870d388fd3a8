#!/bin/bash
# Runs once, when PostgreSQL's volume is empty: a role and a database of its own for the study and for MLflow.
# The passwords are read by psql itself, so that they stand on no command line.
set -e
psql -q -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv study_password STUDY_PASSWORD
\getenv mlflow_password MLFLOW_PASSWORD
create role study login password :'study_password';
create role mlflow login password :'mlflow_password';
create database study owner study encoding 'UTF8' locale 'C' template template0;
create database mlflow owner mlflow encoding 'UTF8' locale 'C' template template0;
revoke all on database study, mlflow from public;
SQL
