"""The filters of the inventory's lists, for the API and for pages."""

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from inventory.models import (
    Filament,
    InventoryTransaction,
    MaterialType,
    RecognisedRepeat,
    Spool,
    SpoolEvent,
)
from inventory.models.spools import LIVE
from inventory.services import stock
from tenants.api.filters import (
    AmountFilter,
    BooleanFilter,
    EventFilter,
    FilterSet,
    FollowedFilter,
    FromFilter,
    MomentAtFilter,
    PersonFilter,
    ReferenceFilter,
    SeveralFilter,
    TextFilter,
    ToFilter,
)
from tenants.api.parameters import (
    DayOrMomentParameter,
)


class OrOfDoubleFilter(TextFilter):
    """By a text of the filament, or of one that was merged into it."""

    def __init__(self, *args, lookup_expr="iexact", **kwargs):
        super().__init__(*args, lookup_expr=lookup_expr, **kwargs)

    def filter(self, filaments, value):
        condition = Q(**{f"{self.field_name}__{self.lookup_expr}": value})
        return filaments.leading(condition) if value else filaments


class CaseInsensitiveFilter(TextFilter):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, lookup_expr="iexact", **kwargs)


class MaterialTypeReferenceFilter(ReferenceFilter):
    names, referred = {"code": "iexact"}, MaterialType


class FilamentReferenceFilter(ReferenceFilter):
    """Of a filament that was merged into another, that one, and all that were."""

    names = {"name": "iexact", "external_id": "exact"}

    def lookup_id(self, value):
        return self._same_as(Q(pk=value))

    def lookup(self, rows, name, value):
        return self._same_as(Q(**{f"{name}__{self.names[name]}": value}))

    @staticmethod
    def _same_as(condition):
        ids = Filament.objects.same_as(condition)
        return lambda path: Q(**{f"{path}__in": ids})


class SpoolReferenceFilter(ReferenceFilter):
    """By the code on its label, a former label's included."""

    names = {"code": "labelled"}

    def lookup(self, rows, name, value):
        ids = list(Spool.objects.labelled(value).values_list("pk", flat=True))
        return lambda path: Q(**{f"{path}__in": ids})


class RunReferenceFilter(ReferenceFilter):
    names = {"number": "iexact"}


class TokenReferenceFilter(ReferenceFilter):
    names = {"name": "iexact"}


@extend_schema_field(OpenApiTypes.STR)
class ColorFilter(django_filters.Filter):
    """A colour of 6 or 8 hex digits; a # before it is %23 in an address."""

    field_class = forms.RegexField

    def __init__(self, *args, **kwargs):
        digits = "^#?([0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$"
        messages = {"invalid": _("A colour has 6 or 8 hex digits, as in 336699.")}
        super().__init__(*args, regex=digits, error_messages=messages, **kwargs)


def removed_filter():
    label = "Those that programs of printers removed, or those that are there"
    return BooleanFilter("removed_at", lookup_expr="isnull", exclude=True, label=label)


@extend_schema_field(OpenApiTypes.STR)
class SinceFilter(django_filters.Filter):
    """The beginning of a day of the farm, or a moment."""

    field_class = DayOrMomentParameter


class ManufacturerFilter(FilterSet):
    name = CaseInsensitiveFilter()
    external_id = TextFilter()
    is_removed = removed_filter()


class MaterialTypeFilter(FilterSet):
    code = CaseInsensitiveFilter()
    is_abrasive = BooleanFilter()


class LocationFilter(FilterSet):
    name = CaseInsensitiveFilter()


class FilamentFilter(FilterSet):
    name = OrOfDoubleFilter()
    manufacturer = ReferenceFilter()
    material_type = MaterialTypeReferenceFilter()
    color_name = TextFilter(lookup_expr="icontains", label="A part of it")
    color_near = ColorFilter(method="near_color", label="Hex digits: colours that look like it")
    diameter_mm = AmountFilter(digits=4, places=2)
    article_number = OrOfDoubleFilter()
    gtin = TextFilter(method="with_gtin")
    external_id = OrOfDoubleFilter(lookup_expr="exact")
    is_active = BooleanFilter()
    is_removed = removed_filter()

    def with_gtin(self, filaments, name, value):
        return filaments.of_gtin(value)

    def near_color(self, filaments, name, value):
        return filaments.near_color(value)


class SpoolFilter(FilterSet):
    """``as_of`` lists the spools of that time: received by then and not archived."""

    code = TextFilter(method="of_code")
    filament = FilamentReferenceFilter()
    manufacturer = ReferenceFilter("filament__manufacturer")
    material_type = MaterialTypeReferenceFilter("filament__material_type")
    color_name = TextFilter("filament__color_name", lookup_expr="icontains", label="A part of it")
    color_near = ColorFilter(method="near_color", label="Hex digits: colours that look like it")
    location = ReferenceFilter()
    lot_number = CaseInsensitiveFilter()
    supplier = CaseInsensitiveFilter()
    remaining_below = AmountFilter(method="with_less")
    available_from = AmountFilter(
        method="with_available", label="At least this many grams are available, and not held"
    )
    is_low = BooleanFilter(method="low_or_not", label="By the farm's percent, or to be reordered")
    is_opened = BooleanFilter(method="opened_or_sealed")
    needs_weighing = BooleanFilter()
    is_held = BooleanFilter(label="An open hold covers it")
    is_archived = BooleanFilter(method="on_or_off_shelf")
    not_counted_since = SinceFilter(
        method="uncounted", label="Neither received nor counted since this day or moment"
    )
    as_of = MomentAtFilter(method="of_then", label="A day's end or a moment: see grams_then")

    def of_code(self, spools, name, value):
        return spools.labelled(value)

    def near_color(self, spools, name, value):
        return spools.filter(filament__in=Filament.objects.near_color(value))

    def with_available(self, spools, name, value):
        return spools.not_held().with_available().filter(available__gte=value)

    def with_less(self, spools, name, value):
        return spools.alias(live=LIVE).filter(live__lt=value)

    def low_or_not(self, spools, name, value):
        low = stock.low_spools().values("pk")
        return spools.filter(pk__in=low) if value else spools.exclude(pk__in=low)

    def opened_or_sealed(self, spools, name, value):
        return spools.opened() if value else spools.sealed()

    def on_or_off_shelf(self, spools, name, value):
        return spools.archived() if value else spools.on_shelf()

    def uncounted(self, spools, name, value):
        return stock.not_counted_since(value[0], spools)

    def of_then(self, spools, name, value):
        return stock.shelf_as_of(value, spools)


class SpoolEventFilter(EventFilter):
    verb = SeveralFilter(choices=SpoolEvent.Verb.choices)


class InventoryTransactionFilter(FollowedFilter):
    spool = SpoolReferenceFilter()
    filament = FilamentReferenceFilter("spool__filament")
    run = RunReferenceFilter("production_run")
    kind = SeveralFilter(choices=InventoryTransaction.Kind.choices)
    source = SeveralFilter(choices=InventoryTransaction.Source.choices)
    created_from = FromFilter("created_at")
    created_to = ToFilter("created_at")
    performed_by = PersonFilter()


class RecognisedRepeatFilter(FilterSet):
    spool = SpoolReferenceFilter()
    token = TokenReferenceFilter()
    rule = SeveralFilter(choices=RecognisedRepeat.Rule.choices)
    received_from = FromFilter("received_at")
    received_to = ToFilter("received_at")
