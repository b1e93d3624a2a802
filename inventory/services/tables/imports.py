"""What imports of filaments have in common, be they of a catalogue or of a table.

They come one after the other, never overwrite what the farm has, and leave one line in the audit
trail for all that is new.
"""

import re

from django.db import connection

from inventory.models import Filament, MaterialType
from tenants.accounts import audited

CREATED, FILLED_IN, UNCHANGED, REFUSED = "created", "filled_in", "unchanged", "refused"
BATCH = 1000  # rows that are written at once
EMPTY = (None, "", [])
ABRASIVE = re.compile(
    r"(?<![A-Z])(CF|GF|GLOW)(?![A-Z])"
    r"|CARBON|GLASS|GRAPHENE|WOOD|STONE|METAL|STEEL|IRON|COPPER|BRONZE|BRASS"
)


def wait_for_others():
    """Two imports at once would make the same manufacturers twice."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('catalogue.import'), hashtext(current_schema()))"
        )


def material_type(code, density):
    """An unsaved MaterialType, abrasive if its code says so."""
    is_abrasive = bool(ABRASIVE.search(code))
    return MaterialType(code=code, name=code, density_g_cm3=density, is_abrasive=is_abrasive)


def audit(report, what, *, by):
    """One line for the import: a line for each new filament would bury what people did."""
    counts = {outcome: report.count(outcome) for outcome in (CREATED, FILLED_IN)}
    names = {"manufacturers": report.manufacturers, "material_types": report.material_types}
    changes = {name: [None, value] for name, value in (counts | names).items()}
    audited.audit("import", Filament(name=what), by=by, changes=changes)
