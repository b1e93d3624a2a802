import csv

from django.core.management.base import CommandError
from django_tenants.utils import schema_context

from tenants.farms import services
from tenants.management.farm_command import FarmCommand, add_processes, for_each, new_password
from tenants.models import Tenant
from tenants.schemas import template

SETTINGS = ("run_prefix", "timezone", "currency")
COLUMNS = ("slug", "name", "manager", "password", "hosts", *SETTINGS)
PUBLIC = "public"


class Command(FarmCommand):
    help = (
        "Add the farms of a table, each with its first manager, and print a table of what was "
        "made, with the passwords that were made up. Farms that are there already are left as "
        "they are, so after an interruption the same command goes on."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "file",
            help="CSV in UTF-8 with headings: slug, and if wanted name, manager, password, hosts "
            "(besides <slug>.localhost; several with spaces), run_prefix, timezone, currency",
        )
        add_processes(parser)

    def handle(self, *, file, processes, **options):
        rows = _rows(file)
        known = set(Tenant.objects.values_list("slug", flat=True))
        new = [row for row in rows if row["slug"] not in known]
        if len(new) < len(rows):
            self.stderr.write(f"There already: {len(rows) - len(new)} of {len(rows)}")
        with schema_context(PUBLIC):
            template.load()  # once, for all processes
        table, failed = csv.writer(self.stdout, lineterminator="\n"), []
        table.writerow(["slug", "host", "manager", "password"])
        for row, made, failure in for_each(self, _add, new, processes=processes):
            if failure:
                self.stderr.write(f"{row['slug']}: {failure}")
                failed.append(row["slug"])
            else:
                table.writerow(made)
                self.stdout.flush()
        if failed:
            raise CommandError(f"There is no farm: {', '.join(sorted(failed))}.")


def _rows(file):
    """The lines, by heading. Raises CommandError."""
    try:
        with open(file, newline="", encoding="utf-8-sig") as lines:
            rows = list(csv.DictReader(lines, restval="", strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{file} can't be read: {error}") from error
    headings = set(rows[0]) if rows else {"slug"}
    if "slug" not in headings or not headings <= set(COLUMNS):
        raise CommandError(f"The headings can be {', '.join(COLUMNS)}; slug is needed.")
    return rows


def _add(row):
    """The line of a farm that was made. Raises Refusal."""
    given = {name: value.strip() for name, value in row.items() if value and value.strip()}
    slug, secret = given["slug"], new_password()
    manager = given.get("manager", "manager")
    tenant = services.add_farm(
        slug=slug,
        name=given.get("name", slug),
        manager=manager,
        password=given.get("password", secret),
        hosts=given.get("hosts", "").split(),
        **{name: given[name] for name in SETTINGS if name in given},
    )
    printed = "" if "password" in given else secret
    return slug, str(tenant.get_primary_domain()), manager, printed
