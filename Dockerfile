# Airflow with this project inside: one image for every service of docker-compose.yml.
FROM python:3.12-slim AS build
RUN pip install --no-cache-dir "uv>=0.8"
WORKDIR /opt/socialmetrics
ENV UV_PYTHON=/usr/local/bin/python3 UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
# What is locked is installed before the source is there, so that a changed line does not install everything again.
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --locked --no-dev --extra postgres --no-install-project --no-cache
COPY src src
COPY sql sql
COPY dags dags
RUN uv sync --locked --no-dev --extra postgres --no-cache

FROM python:3.12-slim
ENV PATH=/opt/socialmetrics/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/opt/socialmetrics/airflow \
    USER=socialmetrics \
    SOCIALMETRICS_HOME=/opt/socialmetrics \
    AIRFLOW_HOME=/opt/socialmetrics/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/socialmetrics/dags \
    AIRFLOW__CORE__LOAD_EXAMPLES=false
WORKDIR /opt/socialmetrics
COPY --from=build /opt/socialmetrics /opt/socialmetrics
# Group 0 may write here, so that compose can run the image as the person whose folders it mounts.
RUN useradd --uid 1000 --gid 0 --no-create-home socialmetrics \
    && install --directory --owner=1000 --group=0 --mode=2775 airflow directory warehouse
USER 1000:0
CMD ["socialmetrics", "--help"]
