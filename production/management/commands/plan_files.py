import signal
import threading
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from django_tenants.utils import tenant_context

from production.models import SlicedFile
from production.services.sliced_files import planning, receiving, spools
from production.services.sliced_files.folders import Folder
from tenants.accounts.models import User
from tenants.management.farm_command import FarmCommand, farm
from tenants.operations.refusals import Busy, Refusal

NEEDED = ("production.add_slicedfile", "production.add_productionrun")
SECONDS = 5
MOST_NAMED = 5  # runs of a file


class Command(FarmCommand):
    help = (
        "Plan runs by the sliced files in a folder: those that are there, and those that come, "
        "until it is stopped. Nothing in the folder is moved or changed. A file is read once its "
        "size and time have stood still; one that was read before is left out. Doubtful files "
        "are read, and wait on the floor's page of sliced files for somebody who looks at them."
    )

    def add_arguments(self, parser):
        parser.add_argument("slug", metavar="FARM", help="the farm")
        parser.add_argument("folder", metavar="FOLDER", type=Path, help="without folders in it")
        parser.add_argument("--by", required=True, metavar="NAME", help="who plans the runs")
        parser.add_argument("--once", action="store_true", help="plan what is there, and end")
        parser.add_argument(
            "--seconds", type=float, default=SECONDS, help="between looks at it (5)"
        )

    def handle(self, *, slug, folder, by, once, seconds, **options):
        tenant, folder, self._trouble = farm(slug), Folder(folder), ""
        if not folder.path.is_dir():
            raise CommandError(f"There is no folder {folder.path}.")
        with stopping() as stop:
            self._look(tenant, folder, by, stop)
            while not wait(stop, seconds):
                self._look(tenant, folder, by, stop, is_patient=not once)
                if once:
                    break
        for name in folder.waiting() if once else ():
            self._say(name, "left, as it is being written: run this again")
        if stop.is_set():
            self.stdout.write("Stopped.")

    def _look(self, tenant, folder, by, stop, *, is_patient=True):
        """Take what stands still. While it follows a folder, what does not answer is waited for."""
        try:
            with tenant_context(tenant):
                person = _person(tenant, by)
                for path in folder.look():
                    if stop.is_set():
                        return
                    self._take(path, folder, person)
            self._trouble = ""
        except (OSError, OperationalError, InterfaceError) as error:
            trouble = _trouble(folder, error)
            if not is_patient:
                raise trouble from error
            if str(trouble) != self._trouble:  # once, until there is another or none
                self._trouble = str(trouble)
                self.stderr.write(self._trouble)
            if not isinstance(error, OSError) and not connection.in_atomic_block:
                connection.close()  # the next look has another one

    def _take(self, path, folder, person):
        try:
            outcome = self._outcome(path, folder, person)
        except (OSError, Busy) as error:  # tried again at the next look
            reason = error.detail if isinstance(error, Busy) else error.strerror or error
            problem = f"can't be read: {reason}"
            if folder.is_news(path, problem):
                self._say(path.name, problem)
            return
        except Refusal as refusal:
            outcome = f"not read: {refusal.detail}"
        if outcome:
            folder.done(path)
            self._say(path.name, outcome)

    def _outcome(self, path, folder, person):
        """What was done, as a sentence; "" for a file that was written while it was read."""
        with path.open("rb") as stream:
            sha256, size = receiving.measured(stream)
            if not folder.is_still(path):
                return ""
            file = SlicedFile.objects.filter(sha256=sha256).order_by("pk").first()
            if file is None:
                counted = {"sha256": sha256, "size_bytes": size}
                read = receiving.read_file(stream, filename=path.name, **counted)
                file = receiving.receive(read, by=person)
        return _planned(file, person) if file.is_new else _left_out(file)

    def _say(self, name, what):
        self.stdout.write(f"{timezone.localtime():%Y-%m-%d %H:%M:%S} {name}: {what}")
        self.stdout.flush()


def wait(stop, seconds):
    """Wait for the next look, or until it is to stop: True."""
    return stop.wait(seconds)


@contextmanager
def stopping():
    """An Event that is set by SIGTERM and SIGINT: what is under way is finished first."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _planned(file, person):
    """Plan the runs of a file as they are proposed; why not, where they can't be."""
    try:
        runs = planning.plan(file, by=person, printer=spools.printer_of(file))
    except Refusal as refusal:
        return f"read, not planned: {refusal.detail}"
    return f"planned: {', '.join(map(str, runs))}"


def _left_out(file):
    """Why a file that was read before is not planned, and what it was planned as."""
    runs = ", ".join(str(run) for run in file.runs.live().order_by("pk")[:MOST_NAMED])
    outcome = f"planned as {runs}" if runs else "not planned yet"
    return f"left out: read before, on {timezone.localtime(file.created_at):%Y-%m-%d}, {outcome}"


def _person(tenant, name):
    try:
        person = User.objects.get_by_natural_key(name)
    except User.DoesNotExist:
        raise CommandError(f"{tenant.slug} has no user {name!r}.") from None
    if not person.is_active or not person.has_perms(NEEDED):
        raise CommandError(f"{name!r} may not plan runs by sliced files.")
    return person


def _trouble(folder, error):
    if isinstance(error, OSError):
        return CommandError(f"{folder.path} can't be read: {error.strerror or error}.")
    return CommandError(f"The database does not answer: {' '.join(str(error).split())}")
