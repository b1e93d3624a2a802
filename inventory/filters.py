"""How lists of the inventory are narrowed; the same for the API and for pages."""

import django_filters

from inventory.models import Filament, InventoryTransaction, Spool
from tenants.filters import BooleanFilter, FromFilter, IdFilter, SeveralFilter, ToFilter


class FilamentFilter(django_filters.FilterSet):
    manufacturer = IdFilter()
    material_type = IdFilter()
    material_type_code = django_filters.CharFilter("material_type__code", lookup_expr="iexact")
    external_id = django_filters.CharFilter()
    is_active = BooleanFilter()

    class Meta:
        model = Filament
        fields = []


class SpoolFilter(django_filters.FilterSet):
    code = django_filters.CharFilter(method="of_code")
    filament = IdFilter()
    material_type = IdFilter("filament__material_type")
    location = IdFilter()
    lot_number = django_filters.CharFilter(lookup_expr="iexact")
    needs_weighing = BooleanFilter()
    is_archived = BooleanFilter(method="on_or_off_shelf")

    class Meta:
        model = Spool
        fields = []

    def of_code(self, spools, name, value):
        return spools.labelled(value)

    def on_or_off_shelf(self, spools, name, value):
        return spools.archived() if value else spools.on_shelf()


class InventoryTransactionFilter(django_filters.FilterSet):
    spool = IdFilter()
    run = IdFilter("production_run")
    kind = SeveralFilter(choices=InventoryTransaction.Kind.choices)
    created_from = FromFilter("created_at")
    created_to = ToFilter("created_at")

    class Meta:
        model = InventoryTransaction
        fields = []
