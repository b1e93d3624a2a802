"""A limit for writes: money moved between accounts by one function in PostgreSQL, as pgledger does.

In one transaction both balances are locked, in the order of their ids, and changed, and each has an
entry with its balance before and after. Everything else that a verb does is missing.
"""

# ruff: noqa: PLC0415 - Django is set up first

import random
import statistics
import time

ACCOUNTS = 400
TABLES = """
DROP SCHEMA IF EXISTS benchmark_transfers CASCADE;
CREATE SCHEMA benchmark_transfers;
SET search_path = benchmark_transfers;
CREATE TABLE account (
    id bigint PRIMARY KEY, balance numeric NOT NULL, version bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE transfer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, from_id bigint NOT NULL REFERENCES account,
    to_id bigint NOT NULL REFERENCES account, amount numeric NOT NULL CHECK (amount > 0),
    created_at timestamptz NOT NULL DEFAULT now(), CHECK (from_id <> to_id));
CREATE TABLE entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES account, transfer_id bigint NOT NULL REFERENCES transfer,
    amount numeric NOT NULL, before numeric NOT NULL, after numeric NOT NULL,
    version bigint NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON entry (account_id);
CREATE INDEX ON entry (transfer_id);
INSERT INTO account SELECT n, 1000, 0 FROM generate_series(1, %s) n;
CREATE FUNCTION move(giver bigint, taker bigint, grams numeric) RETURNS bigint
LANGUAGE plpgsql SET search_path = benchmark_transfers AS $$
DECLARE
    moved bigint;
    row record;
BEGIN
    PERFORM FROM account WHERE id IN (giver, taker) ORDER BY id FOR UPDATE;
    INSERT INTO transfer (from_id, to_id, amount) VALUES (giver, taker, grams)
    RETURNING id INTO moved;
    FOR row IN SELECT giver AS id, -grams AS amount UNION ALL SELECT taker, grams LOOP
        WITH changed AS (
            UPDATE account SET balance = balance + row.amount, version = version + 1,
                updated_at = now() WHERE id = row.id RETURNING *)
        INSERT INTO entry (account_id, transfer_id, amount, before, after, version)
        SELECT id, moved, row.amount, balance - row.amount, balance, version FROM changed;
    END LOOP;
    RETURN moved;
END $$;
"""
MOVE = "SELECT benchmark_transfers.move(%s, %s, %s)"


def measured(clients, seconds, rounds):
    """Transfers a second of so many clients with a connection each, and milliseconds of CPU of
    PostgreSQL for one; medians of so many rounds."""
    import psycopg
    from django.db import connection

    from benchmarks.http_client import in_threads
    from benchmarks.serving import cpu_of

    connection.ensure_connection()
    postmaster = _parent(connection.connection.info.backend_pid)
    with connection.cursor() as cursor:
        cursor.execute(TABLES.replace("%s", str(ACCOUNTS)))
    parameters = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}
    parameters.pop("context", None)
    figures = []
    for number in range(rounds + 1):
        until, counts = time.perf_counter() + seconds, []

        def transfer():
            with psycopg.connect(**parameters, autocommit=True) as own:
                done = 0
                while time.perf_counter() < until:  # noqa: B023 - it runs in this round
                    own.execute(MOVE, [*random.sample(range(1, ACCOUNTS + 1), 2), "12.5"])
                    done += 1
            counts.append(done)  # noqa: B023

        before = cpu_of(postmaster)
        taken = in_threads(transfer, clients)
        if number:
            done = sum(counts)
            figures.append((done / taken, (cpu_of(postmaster) - before) / done * 1000))
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA benchmark_transfers CASCADE")
    rate, cost = (statistics.median(each) for each in zip(*figures, strict=True))
    return {"rate": rate, "ms": cost}


def _parent(pid):
    from pathlib import Path

    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1])
