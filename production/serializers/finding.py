"""What was found by words, as JSON."""

from urllib.parse import urlencode

from django.urls import reverse
from rest_framework import serializers

from production.models import ProductionRun
from production.services.finding.found import MAX_LENGTH, PERMISSIONS
from tenants.api.fields import TextField

LISTS = {
    "spool": "spools",
    "run": "production-runs",
    "printer": "printers",
    "product": "products",
    "filament": "filaments",
    "sliced_file": "sliced-files",
    "user": "users",
}
# What has no rows of its own: the list, and the parameter by which it shows those of one.
FILTERS = {"order": ("production-runs", "order_reference"), "lot": ("spools", "lot_number")}


class FindQuery(serializers.Serializer):
    """What is looked for."""

    q = TextField(max_length=MAX_LENGTH, help_text="Words, or the beginnings of words.")


class FoundRowSerializer(serializers.Serializer):
    """A row, an order or a lot; what a run has of the words is in ``products`` and ``orders``."""

    id = serializers.IntegerField(allow_null=True, help_text="None of an order and a lot.")
    name = serializers.CharField()
    is_exact = serializers.BooleanField(help_text="Whether it is called just so.")
    is_in_use = serializers.BooleanField(help_text="Not archived, nor out of use.")
    status = serializers.ChoiceField([*ProductionRun.Status.values, ""], help_text="Of a run.")
    products = serializers.ListField(child=serializers.CharField())
    orders = serializers.ListField(child=serializers.CharField())
    url = serializers.CharField(help_text="Its address in the API.")


class FoundKindSerializer(serializers.Serializer):
    """The first rows of a kind, the best first."""

    kind = serializers.ChoiceField(list(PERMISSIONS))
    total_count = serializers.IntegerField(
        source="total", allow_null=True, help_text="Null of runs and orders: not counted."
    )
    has_more = serializers.BooleanField(help_text="Whether there are more than these.")
    list_url = serializers.CharField(
        allow_null=True, help_text="The list that has the words, where it can be searched."
    )
    results = FoundRowSerializer(source="rows", many=True)


class FoundSerializer(serializers.Serializer):
    """What was found, by kind. Kinds in which something is called just so come first."""

    q = serializers.CharField()
    kinds = FoundKindSerializer(many=True)

    def to_representation(self, found):
        for each in found["kinds"]:
            each.list_url = _list_of(each.kind, found["q"])
            for row in each.rows:
                row.url = _address(row)
                row.id = row.id if row.kind in LISTS else None
        return super().to_representation(found)


def _list_of(kind, words):
    if kind not in LISTS:
        return None
    return f"{reverse(f'{LISTS[kind]}-list')}?{urlencode({'search': words})}"


def _address(row):
    if row.kind in LISTS:
        return reverse(f"{LISTS[row.kind]}-detail", args=[row.id])
    name, parameter = FILTERS[row.kind]
    return f"{reverse(f'{name}-list')}?{urlencode({parameter: row.name})}"
