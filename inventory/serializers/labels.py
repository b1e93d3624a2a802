"""The query parameters of labels."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from inventory.models import Spool
from inventory.paper import labels, sheets
from inventory.paper.labels import MAX_BLANK, MAX_COPIES, MAX_SPOOLS
from tenants.api.fields import DIGITS, ChoiceField

CONTENTS_HELP = "Of %(names)s, separated by commas; left out: all but the last two."
SHEETS = [(name, sheet.name) for name, sheet in sheets.SHEETS.items()]
SHEETS += [(sheets.CUSTOM, "Labels of the size that width and height say")]


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


@extend_schema_field({"type": "string", "example": "qr,code,material,name"})
class ContentsField(serializers.CharField):
    """Names of what a label has, separated by commas."""

    default_error_messages = {"unknown": "There is no {names}; there are {known}."}

    def to_internal_value(self, data):
        names = [name.strip() for name in super().to_internal_value(data).split(",")]
        if unknown := [name for name in names if name not in labels.CONTENTS]:
            self.fail("unknown", names=", ".join(unknown[:10]), known=", ".join(labels.CONTENTS))
        return names


def _millimetres(least, most, **kwargs):
    return serializers.DecimalField(
        max_digits=6, decimal_places=2, min_value=least, max_value=most, required=False, **kwargs
    )


def _side(help_text):
    return _millimetres(sheets.SMALLEST_SIDE, sheets.LARGEST_SIDE, help_text=help_text)


class LabelQuery(serializers.Serializer):
    """How a label is printed; ``sheet`` becomes a Sheet."""

    sheet = ChoiceField(SHEETS, default=sheets.DEFAULT, help_text="What it is printed on.")
    width = _side("Of a custom label, in mm.")
    height = _side("Of a custom label, in mm.")
    paper = ChoiceField(
        [(name, name) for name in sheets.PAPERS],
        required=False,
        help_text="With custom labels in its middle; left out: a roll, or a tape.",
    )
    columns = serializers.IntegerField(
        min_value=1, max_value=sheets.MAX_COLUMNS, required=False, help_text="Of the paper."
    )
    rows = serializers.IntegerField(
        min_value=1, max_value=sheets.MAX_ROWS, required=False, help_text="Of the paper."
    )
    gap_x = _millimetres(0, sheets.LARGEST_SIDE, help_text="Between columns, in mm.")
    gap_y = _millimetres(0, sheets.LARGEST_SIDE, help_text="Between rows, in mm.")
    contents = ContentsField(
        required=False,
        default=list(labels.USUAL),
        help_text=CONTENTS_HELP % {"names": ", ".join(labels.CONTENTS)},
    )
    start = serializers.IntegerField(
        min_value=1,
        max_value=sheets.MAX_COLUMNS * sheets.MAX_ROWS,
        default=1,
        help_text="The place of the first on its sheet.",
    )
    copies = serializers.IntegerField(
        min_value=1, max_value=MAX_COPIES, default=1, help_text="Of each label."
    )

    def validate(self, attrs):
        size = {name: attrs.pop(name) for name in sheets.SIZE if name in attrs}
        return attrs | {"sheet": sheets.chosen(attrs["sheet"], **size)}


class LabelsQuery(LabelQuery):
    """The same for many: of spools, blank ones, or both."""

    ids = SpoolsField(required=False, default=list, help_text="Of spools, separated by commas.")
    blank = serializers.IntegerField(
        min_value=0, max_value=MAX_BLANK, default=0, help_text="Blank labels with new codes."
    )
