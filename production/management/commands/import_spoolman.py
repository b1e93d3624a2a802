from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django_tenants.utils import tenant_context

from production.spoolman.importing import export_files, server
from production.spoolman.importing.address import is_address
from production.spoolman.importing.moving import import_source
from production.spoolman.importing.report import (
    lines,
    sentence_of_difference,
    sentence_of_left,
)
from tenants.accounts.models import User
from tenants.management.farm_command import FarmCommand, farm
from tenants.operations.refusals import Refusal

SOME_LEFT, NOTHING_DONE = 1, 2
MOST_LINES = 50  # of each list


class Command(FarmCommand):
    help = (
        "Import all that a running Spoolman has, or the three JSON files of its export, into a "
        "farm: the ids stay, so that labels go on working. What came earlier is changed only "
        "while nobody changed it here. "
        "Exit code: 0 all imported, 1 some rows left and the rest imported, 2 nothing done."
    )

    def add_arguments(self, parser):
        parser.add_argument("slug", metavar="FARM", help="the farm")
        parser.add_argument(
            "places",
            metavar="URL-or-FILE",
            nargs="+",
            help="http://host:7912, or the files; or a folder or zip archive with them",
        )
        parser.add_argument("--by", required=True, metavar="NAME", help="whose import it is")
        parser.add_argument("--dry-run", action="store_true", help="report, and write nothing")

    def handle(self, *, slug, places, by, dry_run, **options):
        try:
            tenant = farm(slug)
            with tenant_context(tenant):
                person = _person(slug, by)
            source = _read(places)
            with tenant_context(tenant):
                report = import_source(source, by=person, dry_run=dry_run).as_dict()
        except (CommandError, Refusal) as error:
            raise CommandError(str(error), returncode=NOTHING_DONE) from error
        self._write(report)

    def _write(self, report):
        self.stdout.write(_("From %(place)s:") % report)
        for line in lines(report):
            self.stdout.write(f"  {line}")
        self._write_list(
            _("Written differently here"), sentence_of_difference, report, "differently"
        )
        self._write_list(_("Left"), sentence_of_left, report, "left")
        if report["dry_run"]:
            self.stdout.write(_("This was a dry run: nothing was written."))
        if report["left_count"]:
            message = _("%(count)s were left: see above.") % {"count": report["left_count"]}
            raise CommandError(message, returncode=SOME_LEFT)

    def _write_list(self, title, sentence, report, name):
        count = report[f"{name}_count"]
        if not count:
            return
        self.stdout.write(f"{title}: {count}")
        for each in report[name][:MOST_LINES]:
            self.stdout.write(f"  {sentence(each)}")
        if count > MOST_LINES:
            self.stdout.write(_("  and %(count)s more") % {"count": count - MOST_LINES})


def _read(places):
    addresses = [place for place in places if is_address(place)]
    if not addresses:
        return export_files.read(places)
    if len(places) > 1:
        raise CommandError("Give one address, or files.")
    return server.read(addresses[0])


def _person(slug, name):
    try:
        return User.objects.get_by_natural_key(name)
    except User.DoesNotExist:
        raise CommandError(f"{slug} has no user {name!r}.") from None
