# One image for every part of the stack but PostgreSQL: MLflow's server, Ray's head and workers, and a client.
# Nothing is fetched when a container runs. A package index of your own goes in with --build-arg PIP_INDEX_URL=...
FROM python:3.11-slim

ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL

RUN useradd --create-home --uid 1000 hpsearch \
 && install -d -o hpsearch -g hpsearch -m 700 /var/lib/hpsearch /var/lib/mlflow

WORKDIR /usr/src/hpsearch
# The dependencies first: they change less often than the source.
COPY pyproject.toml constraints.txt ./
RUN python3 -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
print(*p['dependencies'], *p['optional-dependencies']['stack'], sep='\n')" > requirements.txt \
 && pip install --no-cache-dir -c constraints.txt -r requirements.txt
COPY README.md ./
COPY trainers trainers
COPY hpsearch hpsearch
RUN pip install --no-cache-dir --no-deps .
COPY stack/entry stack/basic_auth.ini /etc/hpsearch/

# Ray's own environment: a token is asked for, nothing is reported home, and a link that hangs is found out in seconds.
ENV HOME=/home/hpsearch \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HPSEARCH_HOME=/var/lib/hpsearch \
    MLFLOW_DISABLE_TELEMETRY=true \
    RAY_AUTH_MODE=token \
    RAY_AUTH_TOKEN_PATH=/home/hpsearch/.ray/auth_token \
    RAY_USAGE_STATS_ENABLED=0 \
    RAY_grpc_client_keepalive_time_ms=2000 \
    RAY_grpc_client_keepalive_timeout_ms=3000 \
    RAY_grpc_keepalive_time_ms=2000
USER hpsearch
WORKDIR /home/hpsearch
ENTRYPOINT ["/etc/hpsearch/entry"]
CMD ["hpsearch", "--help"]
