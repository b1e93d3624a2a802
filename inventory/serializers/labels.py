"""The query parameters of labels."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from inventory.models import Spool
from inventory.paper import sheets
from inventory.paper.labels import MAX_BLANK, MAX_COPIES, MAX_SPOOLS
from tenants.api.fields import DIGITS, ChoiceField

SHEETS = [(name, sheet.name) for name, sheet in sheets.SHEETS.items()]


@extend_schema_field({"type": "string", "pattern": r"^[0-9]{1,18}(,[0-9]{1,18}){0,199}$"})
class SpoolsField(serializers.CharField):
    """Ids of spools of this farm, separated by commas; the spools, in that order."""

    default_error_messages = {
        "not_ids": "Ids are whole numbers, separated by commas.",
        "too_many": "At most {most} spools at once.",
        "unknown": "There is no spool {ids}.",
    }

    def to_internal_value(self, data):
        texts = [text.strip() for text in super().to_internal_value(data).split(",")]
        if not all(DIGITS.fullmatch(text) for text in texts):
            self.fail("not_ids")
        ids = list(dict.fromkeys(int(text) for text in texts))
        if len(ids) > MAX_SPOOLS:
            self.fail("too_many", most=MAX_SPOOLS)
        found = Spool.objects.with_filament().in_bulk(ids)
        if unknown := [str(pk) for pk in ids if pk not in found]:
            self.fail("unknown", ids=", ".join(unknown[:10]))
        return [found[pk] for pk in ids]


class LabelQuery(serializers.Serializer):
    """How a label is printed."""

    sheet = ChoiceField(SHEETS, default=sheets.DEFAULT, help_text="What it is printed on.")
    start = serializers.IntegerField(
        min_value=1, max_value=100, default=1, help_text="The place of the first on its sheet."
    )
    copies = serializers.IntegerField(
        min_value=1, max_value=MAX_COPIES, default=1, help_text="Of each label."
    )


class LabelsQuery(LabelQuery):
    """The same for many: of spools, blank ones, or both."""

    ids = SpoolsField(required=False, default=list, help_text="Of spools, separated by commas.")
    blank = serializers.IntegerField(
        min_value=0, max_value=MAX_BLANK, default=0, help_text="Blank labels with new codes."
    )
