"""Using the embedded PostgreSQL from other processes, and ending it the hard way."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from config.database.embedded.postmaster import running

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = os.environ | {"SPOOLBOOK_DURABLE": "0", "PYTHONPATH": str(ROOT)}
USE = """
import json, sys
from config.database import embedded
print(json.dumps(embedded.connect(sys.argv[1])), flush=True)
sys.stdin.read()
"""


class User:
    """Another process that uses the server of a data folder until it is stopped."""

    def __init__(self, data, **environment):
        command = [sys.executable, "-c", USE, str(data)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(
            command, env=ENVIRONMENT | environment, text=True, cwd="/", **pipes
        )

    def address(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)

    def leave(self):
        _, complaints = self.process.communicate(timeout=90)
        assert complaints == ""

    def kill(self):
        self.process.kill()
        self.process.communicate()


def command(*words, data):
    """The command line interface, to its end."""
    words = [sys.executable, "-m", "config.database.embedded", *words, "--data", str(data)]
    return subprocess.run(words, env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True)


def kill_server(data):
    os.kill(running(data / "postgres").pid, signal.SIGKILL)
    while running(data / "postgres"):
        time.sleep(0.001)


def query(address, statement, *values):
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host"}
    place = {names[key]: address[key] for key in names}
    with psycopg.connect(**place, port=address["PORT"], autocommit=True) as connection:
        cursor = connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else None
