"""A farm's tables as one script: the ``pg_dump`` of a schema that was migrated once.

Replaying it takes a tenth of what the migrations take and leaves the same schema. The script is
stored in the data folder under the fingerprint of the migrations it came from, so new migrations
mean a new snapshot.
"""

import functools
import hashlib
import logging
import os
import re
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg.conninfo import make_conninfo

from tenants.schemas import migrating

logger = logging.getLogger(__name__)

LOCK_TIMEOUT = "30s"  # of a dump
PLACEHOLDER = "spoolbook_template_schema"
DRIVER_OPTIONS = {"cursor_factory", "context", "prepare_threshold", "options", "password"}

_in_memory = {}


def load():
    """The script, with PLACEHOLDER for the schema's name; None where it can't be made.

    It is made outside of any transaction, for ``pg_dump`` connects by itself.
    """
    key = fingerprint()
    if key not in _in_memory:
        script = _read(key) or _build()
        if script is None:
            return None
        _in_memory[key] = script
    return _in_memory[key]


def replay(script, schema):
    """Make ``schema`` as the script says, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL check_function_bodies = off")
        cursor.execute(script.replace(PLACEHOLDER, schema))


@functools.cache
def fingerprint():
    """Of every migration's text and of the server's version."""
    digest = hashlib.sha256(str(connection.pg_version).encode())
    for key, migration in sorted(MigrationLoader(None).disk_migrations.items()):
        digest.update(f"{key}".encode())
        digest.update(Path(sys.modules[migration.__module__].__file__).read_bytes())
    return digest.hexdigest()[:32]


def _build():
    if connection.in_atomic_block:
        return None
    schema = f"template_{secrets.token_hex(8)}"
    try:
        migrating.create(schema)
        migrating.migrate(schema)
        script = _scripted(dump(schema), schema)
    except (OSError, subprocess.CalledProcessError) as error:
        logger.warning("No snapshot of a farm, so farms are made by migrations: %s", error)
        return None
    finally:
        migrating.drop(schema)
    _write(fingerprint(), script)
    return script


def dump(schema):
    """What ``pg_dump`` says of one schema. Raises FileNotFoundError where there is none."""
    params = connection.get_connection_params()
    where = {key: params[key] for key in params if key not in DRIVER_OPTIONS}
    flags = ["--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=1000"]
    flags.append(f"--lock-wait-timeout={LOCK_TIMEOUT}")  # or it waits for ever
    target = [f"--schema={schema}", f"--dbname={make_conninfo(**where)}"]
    command = [connection.program("pg_dump"), *flags, *target]
    environment = {**os.environ, "PGPASSWORD": params.get("password", "")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def _scripted(dumped, schema):
    """Without the header and psql's own commands, and with nothing that outlives a transaction."""
    body = dumped[dumped.index(f"CREATE SCHEMA {schema}") :]
    body = re.sub(r"^\\(un)?restrict .*$", "", body, flags=re.MULTILINE)
    body = re.sub(r"^SET default_", "SET LOCAL default_", body, flags=re.MULTILINE)
    return body.replace(schema, PLACEHOLDER)


def _path(key):
    return Path(settings.DATA) / "snapshots" / f"{key}.sql"


def _read(key):
    try:
        return _path(key).read_text()
    except OSError:
        return None


def _write(key, script):
    """Written atomically, and writable by the owner alone, as whom it is run."""
    path = _path(key)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            file.write(script)
        Path(file.name).replace(path)
    except OSError as error:
        logger.warning("The snapshot of a farm is not kept: %s", error)
