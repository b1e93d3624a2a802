"""What people choose for the columns of a table that are not known by their names.

Choices are ``{header: heading}``, as `headings.normal` has the header; "" leaves a column aside.
The farm remembers what a file was imported with.
"""

from inventory.models import ColumnChoice
from inventory.services.tables.headings import MAX_NAME_LENGTH, normal

MAX_HEADING_LENGTH = ColumnChoice._meta.get_field("heading").max_length


def remembered(what, header):
    """The choices of the farm for a header (texts)."""
    names = {normal(text)[:MAX_NAME_LENGTH] for text in header}
    rows = ColumnChoice.objects.filter(what=what, header__in=names)
    return dict(rows.values_list("header", "heading"))


def remember(what, chosen):
    ColumnChoice.objects.bulk_create(
        (
            ColumnChoice(
                what=what,
                header=header[:MAX_NAME_LENGTH],
                heading=heading[:MAX_HEADING_LENGTH],
            )
            for header, heading in sorted(chosen.items())
        ),
        update_conflicts=True,
        unique_fields=["what", "header"],
        update_fields=["heading"],
    )
