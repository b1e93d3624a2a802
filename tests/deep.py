"""The tests with their large budgets: python -m tests.deep [PART ...] [-- FLAGS OF PYTEST]

Without a part: all of them, one after another. What has passed is recorded in the data folder with
the state of the code and the seed, so that an interrupted run goes on where it stopped.
"""

import hashlib
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / ".data" / "test" / "deep.json"
PARTS = {
    "requests": [
        "tests/config/test_generated_client.py",
        "tests/config/test_schemathesis_reads.py",
        "tests/config/test_schemathesis_writes.py",
    ],
    "addresses": [
        "tests/config/test_bad_input.py",
        "tests/config/test_incomplete_everywhere.py",
        "tests/config/test_isolation.py",
        "tests/config/test_roles.py",
        "tests/config/test_unreadable_forms.py",
        "tests/production/test_admin_walk.py",
    ],
    "any-day": ["tests/production/any_day"],
    "figures": [
        "tests/production/figures/test_figures.py",
        "tests/production/figures/test_month.py",
        "tests/production/folded/test_marks.py",
        "tests/production/best_fit/test_search.py",
    ],
    "concurrency": [
        "tests/inventory/test_many_reports.py",
        "tests/inventory/test_repeats.py",
        "tests/production/spoolman/test_retries.py",
        "tests/production/test_concurrency.py",
        "tests/production/test_metered_at_once.py",
    ],
    "tables": [
        "tests/inventory/test_import_filaments.py",
        "tests/inventory/test_table_cells.py",
        "tests/inventory/test_table_filaments.py",
        "tests/inventory/test_table_import.py",
        "tests/config/test_list_queries.py",
        "tests/config/test_long_lists.py",
        "tests/production/test_floor_growth.py",
        "tests/production/pictures/test_hostile_pictures.py",
        "tests/production/slicing/test_hostile_files.py",
        "tests/production/spoolman/test_moving_many.py",
    ],
    "pages": ["tests/browser/test_pages.py"],
    "demo": ["tests/production/test_demo.py"],
    "served": [
        "tests/config/test_containers.py",
        "tests/config/test_embedded.py",
        "tests/config/test_make_install.py",
        "tests/config/test_make_run.py",
        "tests/config/test_served.py",
        "tests/config/test_slow_clients_served.py",
        "tests/config/sockets/test_many.py",
        "tests/tenants/test_restores.py",
    ],
}


def main(words):
    names, flags = split(words)
    if unknown := set(names) - PARTS.keys():
        sys.exit(f"No part is called {', '.join(unknown)}; there are: {', '.join(PARTS)}")
    record = begun()
    for name in names or PARTS:
        if not names and name in record["passed"]:
            print(f"{name}: has passed with this code", flush=True)
            continue
        if run(name, record["seed"], flags):
            sys.exit(f"{name} failed; again: make test-deep PART={name} SEED={record['seed']}")
        record["passed"] = sorted({*record["passed"], name})
        RECORD.parent.mkdir(parents=True, exist_ok=True)
        RECORD.write_text(json.dumps(record, indent=1) + "\n")


def begun():
    """What is recorded of this code, with the seed of the command line, if any."""
    wanted = os.environ.get("SPOOLBOOK_SEED")
    try:
        record = json.loads(RECORD.read_text())
    except (OSError, ValueError):
        record = {}
    is_same = record.get("code") == state_of_code()
    if is_same and wanted in (None, "", str(record["seed"])):
        return record
    seed = int(wanted) if wanted else secrets.randbelow(10**6)
    return {"code": state_of_code(), "seed": seed, "passed": []}


def split(words):
    """The names of parts before ``--``, and the flags for pytest after it."""
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


def run(name, seed, flags):
    """The exit code of pytest."""
    print(f"{name}: seed {seed}", flush=True)
    environment = {**os.environ, "SPOOLBOOK_DEEP": "1", "SPOOLBOOK_SEED": str(seed)}
    command = [sys.executable, "-m", "pytest", *flags, *PARTS[name]]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def state_of_code():
    """The commit, and a digest of what differs from it."""
    commit = git("rev-parse", "HEAD").decode().strip()
    changed = git("diff", "HEAD") + git("ls-files", "--others", "--exclude-standard")
    return f"{commit} {hashlib.sha256(changed).hexdigest()[:12]}" if changed else commit


def git(*words):
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=True).stdout


if __name__ == "__main__":
    main(sys.argv[1:])
