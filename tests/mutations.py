"""Faults made on purpose, and who notices: python -m tests.mutations [--deep] [NAME ...]

Each fault is a change of one place of the program. It is made in a copy of the project, where the
tests named beside it are run with their default budgets (``--deep``: the large ones). A fault that
nothing notices needs a larger budget or a test of its own.

When a file moves, or the text of a place changes, FAULTS is all there is to adapt.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from config.database import embedded

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".data" / "mutations"
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".data", "__pycache__", ".hypothesis", ".*_cache"
)

JOBS = "tests/tenants/test_jobs.py"
LEDGER = "inventory/services/ledger.py"
LOCKING = "inventory/services/locking.py"
RUN_STATE = "production/services/run_state.py"
CLOSING = "production/services/completion/closing.py"
REVERTING = "production/services/completion/reverting.py"
CORRECTING = "production/services/completion/correcting.py"
AT_ONCE = "tests/production/test_verbs_at_once.py"
CONCURRENCY = "tests/production/test_concurrency.py"
BAD_INPUT = "tests/config/test_bad_input.py"
STORED = "tests/production/test_verbs_store_what_they_return.py"
ANY_DAY = "tests/production/any_day/test_any_day.py"
CORRECTIONS = "tests/production/test_correcting.py"
UNDO_RESTORES = "tests/production/test_undo_restores.py"


class Fault(NamedTuple):
    """``old`` text of a file, once in it, and the ``new`` one; ``tests``: who should notice."""

    file: str
    old: str
    new: str
    tests: list


FAULTS = {
    # Locks and checks
    "a run is not locked": Fault(
        RUN_STATE,
        'select_related("created_by", "outcome_reason").select_for_update(**LOCK)',
        'select_related("created_by", "outcome_reason")',
        [AT_ONCE],
    ),
    "spools are not locked": Fault(
        LOCKING,
        'spools.select_for_update(no_key=True, of=("self",))',
        "spools",
        ["tests/inventory/test_at_once.py", AT_ONCE],
    ),
    "spools are not locked, through HTTP": Fault(
        LOCKING,
        'spools.select_for_update(no_key=True, of=("self",))',
        "spools",
        [CONCURRENCY],
    ),
    "a job has its effect although it was cancelled": Fault(
        "tenants/jobs/record.py",
        "filter(pk=self.pk, status=Job.Status.RUNNING)",
        "filter(pk=self.pk)",
        [JOBS],
    ),
    "a job is begun although it was cancelled": Fault(
        "tenants/jobs/record.py",
        "WHERE id = %s AND status IN ('waiting', 'running') RETURNING tries",
        "WHERE id = %s RETURNING tries",
        [JOBS],
    ),
    "a job goes on although it was cancelled": Fault(
        "tenants/jobs/record.py",
        "if self._execute(COUNT, [self.steps, self.pk]) is None:",
        "if self._execute(COUNT, [self.steps, self.pk]) and False:",
        [JOBS],
    ),
    "a restore is begun by whoever writes the row of a job": Fault(
        "tenants/jobs/backups.py",
        "        raise NotConfirmed() from error\n",
        "        return job.arguments['confirmed']\n",
        ["tests/tenants/test_restores.py"],
    ),
    "what is entered during a restore is lost": Fault(
        "tenants/farms/replacing.py",
        '        _execute("LOCK TABLE {tables} IN EXCLUSIVE MODE", tables=names)\n',
        "",
        ["tests/tenants/test_restores.py"],
    ),
    "two workers do the same job": Fault(
        "tenants/jobs/record.py", "if not is_locked:", "if False:", [JOBS]
    ),
    "a job is done for who may not do it any more": Fault(
        "tenants/jobs/working.py", "if not by.is_active or (", "if False and (", [JOBS]
    ),
    "a farm queues jobs of another": Fault(
        "tenants/schemas/job_queue.py",
        "IF NOT has_schema_privilege(caller, quote_ident(farm), 'USAGE')",
        "IF false",
        [JOBS],
    ),
    "everybody sees everybody's jobs": Fault(
        "tenants/jobs/models.py",
        "self if user.has_perm(SEES_ALL) else self.filter(by=user.pk)",
        "self",
        ["tests/config/test_async_answers.py"],
    ),
    "an entry need not follow the one before": Fault(
        "inventory/migrations/0003_ledger_guard.py",
        "coalesce(last.balance_grams, 0) + NEW.grams\n",
        "NEW.balance_grams\n",
        ["tests/inventory/test_ledger.py"],
    ),
    "an answer is made after the commit": Fault(
        "tenants/api/views.py",
        "                return in_transaction(work)\n",
        "                return work()\n",
        ["tests/config/test_effect_and_answer.py"],
    ),
    "entries are dated by any clock": Fault(
        LEDGER,
        "            clock.require_right(self.at)\n",
        "",
        ["tests/inventory/test_clock.py"],
    ),
    "run numbers are counted, not locked": Fault(
        "production/services/runs/numbering.py",
        "INSERT INTO production_runnumber (on_date, last) VALUES (%s, 1)\n"
        "ON CONFLICT (on_date) DO UPDATE SET last = production_runnumber.last + 1\n"
        "RETURNING last",
        "SELECT count(*) + 1 FROM production_productionrun WHERE created_at >= %s",
        [CONCURRENCY],
    ),
    "an undo is checked before the lock only": Fault(
        "production/services/undo/put_back.py",
        "    require_last(run, done.pk)\n    lines, items",
        "    lines, items",
        ["tests/production/test_undo.py"],
    ),
    "a status is checked as it was before the lock": Fault(
        RUN_STATE,
        "    require(fresh, verb)\n    fresh.changes",
        "    require(run, verb)\n    fresh.changes",
        [AT_ONCE],
    ),
    "a verb that fails half-way leaves what it wrote": Fault(
        "tenants/operations/operation.py",
        "            with transaction.atomic(savepoint=not joins):\n                return work()",
        "            return work()",
        ["tests/production/test_verbs_roll_back.py"],
    ),
    # Fields and statuses
    "the reason of a failure is not saved": Fault(
        CLOSING,
        '("finished_at", *MINUTE_FIELDS, "outcome_reason")',
        '("finished_at", *MINUTE_FIELDS)',
        [STORED],
    ),
    "the first use of a spool is not saved": Fault(LEDGER, '"first_used_at", ', "", [STORED]),
    "a cancelled run is reopened as running": Fault(
        REVERTING,
        '_closing_event(run).from_status, event["at"]',
        'Status.IN_PROGRESS, event["at"]',
        [UNDO_RESTORES, ANY_DAY],
    ),
    "a failed run can't be reassigned": Fault(
        "production/services/transitions.py",
        'name="reassign", moves=_from(Status.COMPLETED, Status.FAILED)',
        'name="reassign", moves=_from(Status.COMPLETED)',
        [CORRECTIONS, ANY_DAY],
    ),
    # Grams and money
    "a reversal is at today's cost": Fault(
        LEDGER,
        "        reversal.cost_per_gram = entry.cost_per_gram\n",
        "",
        ["tests/inventory/test_reversing.py", "tests/production/test_variance.py"],
    ),
    "a claim is not released": Fault(CLOSING, "    claims.release(book, lines)\n", "", [ANY_DAY]),
    "a kept balance has the wrong sign": Fault(
        CORRECTING,
        "spool.remaining_grams + grams",
        "spool.remaining_grams - grams",
        [CORRECTIONS, ANY_DAY],
    ),
    "waste that is reverted is not claimed again": Fault(
        REVERTING,
        "if entry.kind in (Kind.USAGE, Kind.WASTE):\n            returned",
        "if entry.kind == Kind.USAGE:\n            returned",
        [ANY_DAY],
    ),
    "a run's own count forbids its revert": Fault(
        REVERTING,
        "counts.exclude(_before(run)).exclude(production_run=run)",
        "counts.exclude(_before(run))",
        [ANY_DAY],
    ),
    "a reverted booking counts as the first": Fault(
        REVERTING,
        'pk__gt=Coalesce(Subquery(reverted.values("pk")[:1]), 0), created',
        "created",
        ["tests/production/any_day/test_regressions.py"],
    ),
    "an archived spool stays archived when grams return": Fault(
        REVERTING,
        "        restore(book.spools.values(), by=by, at=book.at)\n",
        "",
        ["tests/production/test_completion.py"],
    ),
    "a spool on two lines keeps one line's grams": Fault(
        CORRECTING,
        "other.actual_grams = (other.actual_grams or ledger.ZERO) + wrong.actual_grams",
        "other.actual_grams = wrong.actual_grams",
        [ANY_DAY],
    ),
    "a share of a delivery is rounded up": Fault(
        "inventory/services/receiving.py",
        "rounding=ROUND_DOWN)",
        'rounding="ROUND_UP")',
        ["tests/inventory/test_deliveries.py"],
    ),
    # One rule by every way in
    "a bill is met by the type of its filament": Fault(
        "production/services/requirements/limits.py",
        "wanted = {(line.filament_id, line.material_type_id) for line in bom}",
        "wanted = {(None, line.material_type_id) for line in bom}",
        ["tests/production/test_compatibility.py"],
    ),
    "a table that is sent again is received again": Fault(
        "inventory/services/tables/spool_import.py",
        "    if not again:\n        alike = known_spools.leave_out",
        "    if again:\n        alike = known_spools.leave_out",
        ["tests/production/test_import_again.py"],
    ),
    "a GTIN is compared with the digits that it was written with": Fault(
        "inventory/models/catalogue.py",
        'LPad("gtin", 14, Value("0"))',
        'LPad("gtin", 1, Value("0"))',
        ["tests/production/test_ways_in.py"],
    ),
    "a name is looked for as it was typed": Fault(
        "tenants/api/parameters.py",
        "return one_line(super().to_python(value))",
        "return super().to_python(value)",
        ["tests/production/test_ways_in.py"],
    ),
    # Who may, and how often
    "an idempotency key is not stored": Fault(
        "tenants/web/idempotency.py",
        "if 200 <= response.status_code < 300:",
        "if response.status_code >= 300:",
        ["tests/tenants/test_api_twice.py"],
    ),
    "an operator may adjust a spool": Fault(
        "tenants/accounts/roles.py",
        '"receive weigh use waste',
        '"adjust receive weigh use waste',
        ["tests/config/test_roles.py"],
    ),
    "an override takes no right": Fault(
        "production/services/overrides.py",
        "if by is not None and not by.has_perm(OVERRIDE):",
        "if False:",
        [ANY_DAY],
    ),
    "one's own verb can be undone for ever": Fault(
        "production/services/overrides.py",
        "is_fresh = (at or timezone.now()) - last.at <= UNDO_FOR",
        "is_fresh = True",
        ["tests/production/test_completion.py"],
    ),
    "the search path of a request has public in it": Fault(
        "config/database/base.py",
        'return f"{schema}, pg_temp", role',
        'return f"{schema}, public, pg_temp", role',
        ["tests/tenants/test_database_role.py"],
    ),
    "the search path of a command has public in it": Fault(
        "config/database/base.py",
        "return schema, NO_ROLE, schema, None",
        'return f"{schema}, public", NO_ROLE, schema, None',
        ["tests/tenants/test_backend.py"],
    ),
    "a farm's requests use the login of all farms": Fault(
        "tenants/web/middleware.py",
        "    logins.use_farm(tenant.schema_name)\n",
        "",
        ["tests/tenants/test_logins.py"],
    ),
    "the login of requests has the rights of all farms": Fault(
        "tenants/schemas/database_role.py",
        "grant_role(role, to=ensure_role(WEB), inherit=False)",
        "grant_role(role, to=ensure_role(WEB), inherit=True)",
        ["tests/tenants/test_database_attempts.py"],
    ),
    "settings of one farm's session go on to the next": Fault(
        "config/database/base.py",
        'RESET = "RESET ALL; SELECT pg_advisory_unlock_all();"',
        'RESET = "SELECT pg_advisory_unlock_all();"',
        ["tests/tenants/test_session_reset.py"],
    ),
    # What is sent
    "a parameter may hold NUL": Fault(
        "tenants/web/request_checks.py",
        'for part in parts if "%00" in part]',
        "for part in []]",
        ["tests/production/test_api_consumption.py"],
    ),
    "a moment may be in any year": Fault(
        "tenants/api/fields.py",
        "if value.year not in YEARS or abs(value.utcoffset()) > WIDEST_OFFSET:",
        "if False:",
        [BAD_INPUT],
    ),
}


def main(words):
    """Report each fault; the exit code is the number of those that were missed."""
    embedded.connect(DATA)  # or each run of the tests would start the server, and stop it
    os.environ.pop("DATABASE_URL", None)
    is_deep, names = "--deep" in words, [word for word in words if word != "--deep"]
    if unknown := set(names) - FAULTS.keys():
        sys.exit(f"There are no such faults: {', '.join(sorted(unknown))}")
    missed = 0
    for name in names or FAULTS:
        noticed = who_notices(FAULTS[name], is_deep=is_deep)
        missed += noticed is None
        print(f"{'MISSED' if noticed is None else 'caught'}  {name}: {noticed or ''}", flush=True)
    print(f"{len(names or FAULTS) - missed} caught, {missed} missed.")
    sys.exit(missed)


def who_notices(fault, *, is_deep):
    """The first test that fails with the fault; None when all of them pass."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT, symlinks=True)
        make(fault, copy)
        # A database is kept from one fault to the next, unless the fault is in it.
        keep = [] if "/migrations/" in fault.file else ["--reuse-db"]
        output = run_tests(copy, [*keep, *fault.tests], is_deep=is_deep)
    if re.search(r"^\d+ passed", output, re.MULTILINE) and " failed" not in output:
        return None
    found = re.search(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
    if found is None:
        sys.exit(f"The tests did not run:\n{output}")
    return found[1]


def make(fault, folder):
    path = folder / fault.file
    text = path.read_text()
    if text.count(fault.old) != 1:
        sys.exit(f"{fault.file} has the text {text.count(fault.old)} times:\n{fault.old}")
    path.write_text(text.replace(fault.old, fault.new))


def run_tests(folder, words, *, is_deep):
    environment = os.environ | {
        "SPOOLBOOK_DATA": str(DATA),
        "SPOOLBOOK_DURABLE": "0",
        "SPOOLBOOK_DEEP": "1" if is_deep else "0",
        "SPOOLBOOK_SHRINK": "0",
    }
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-x",
            "-rfE",
            *words,
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


if __name__ == "__main__":
    main(sys.argv[1:])
