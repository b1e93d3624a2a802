"""CPU of the search by words, of the application and PostgreSQL, at 10,000 spools and 100,000 runs.

By the words that cost most: one letter, words that all rows have, twenty of them, and none. Goal:
at most 50 ms each.
"""

import time

from django.db import connection

from benchmarks.farm import enter_farm
from benchmarks.serving import cpu_of
from production.services.finding.found import find
from tenants.accounts import roles
from tenants.accounts.models import User

RUNS, SPOOLS, ROUNDS = 100_000, 10_000, 20
TEXTS = {
    "one letter": "a",
    "one digit": "1",
    "a word of all spools": "lot",
    "a word of all runs": "yrs",
    "a word of all products": "part",
    "a word of all orders": "so",
    "an order": "so-12345",
    "the end of a number": "004",
    "two words of rows that belong together": "pla shelf",
    "twenty words": "so lot part shelf printer worker 1 2 3 4 5 6 7 8 9 pla pet abs tpu asa",
    "three hundred letters": "x" * 300,
    "punctuation": "%' \" \\ ...",
}


def main():
    enter_farm(RUNS, SPOOLS)
    user = User(pk=1, role=roles.MANAGER)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    print(f"Search at {RUNS} runs and {SPOOLS} spools: ms of CPU, application + PostgreSQL")
    for name, text in TEXTS.items():
        find(text, user=user)
        own, theirs = time.process_time(), cpu_of(pid)
        for _ in range(ROUNDS):
            find(text, user=user)
        own, theirs = time.process_time() - own, cpu_of(pid) - theirs
        print(f"  {name:40} {own * 1000 / ROUNDS:5.1f} + {theirs * 1000 / ROUNDS:5.1f}")
