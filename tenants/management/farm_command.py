"""Base class of commands: errors as sentences, a farm by its slug, a random password."""

import secrets
import time

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError

from tenants.models import Tenant
from tenants.operations.processes import default_count, in_processes
from tenants.operations.refusals import Refusal

UNDEFINED_TABLE, NO_RIGHT = "42P01", "42501"
PROGRESS_SECONDS = 5


class FarmCommand(BaseCommand):
    """A command of which a refusal, or a database that is not ready, is a sentence and exit 1.

    System checks are for `prepare` and `check`: they load all of the API and the admin, which takes
    longer than most commands.
    """

    requires_system_checks = []

    def execute(self, *args, **options):
        try:
            return super().execute(*args, **options)
        except Refusal as refusal:
            raise CommandError(refusal.detail) from refusal
        except OperationalError as error:
            raise CommandError(f"The database can't be reached: {_in_a_line(error)}") from error
        except ProgrammingError as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if state == NO_RIGHT:
                raise CommandError(
                    f"The database does not allow it: {_in_a_line(error)}"
                ) from error
            if state != UNDEFINED_TABLE:
                raise
            raise CommandError("The database is not ready: run `manage.py prepare`.") from error


def add_processes(parser):
    parser.add_argument(
        "--processes",
        type=int,
        default=default_count(),
        help="how many farms at once; by default as many as there are cores",
    )


def for_each(command, work, items, *, processes):
    """Call ``work`` for each item, in processes; yields ``(item, result, failure)``. The command's
    standard error says every few seconds how far it is."""
    total, written_at = len(items), time.monotonic()
    done = in_processes(work, items, count=processes)
    for number, each in enumerate(done, start=1):
        yield each
        if time.monotonic() - written_at >= PROGRESS_SECONDS:
            command.stderr.write(f"{number} of {total}")
            written_at = time.monotonic()


def farm(slug):
    """The farm of a slug. Raises CommandError, which names those there are."""
    try:
        return Tenant.objects.get(slug=slug)
    except Tenant.DoesNotExist:
        known = ", ".join(Tenant.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no farm {slug!r}; there are: {known}.") from None


def answer_to(question):
    """The line typed at the terminal; empty if there is no terminal."""
    try:
        return input(question).strip()
    except EOFError:
        return ""


def new_password():
    return secrets.token_urlsafe(12)


def _in_a_line(error):
    return " ".join(str(error).split())
