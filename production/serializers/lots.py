"""Where a lot went, and what parts came from, as JSON."""

from rest_framework import serializers

from production.models import ProductionRun, RunItem, RunMaterial
from production.serializers.variance import Amount
from tenants.api.fields import MomentField


class OfRunFields(serializers.ModelSerializer):
    """Which run it is about."""

    run_number = serializers.CharField(source="run.number", read_only=True)
    status = serializers.ChoiceField(
        ProductionRun.Status.choices, source="run.status", read_only=True
    )
    finished_at = MomentField(source="run.finished_at", read_only=True, allow_null=True)


class LotSerializer(OfRunFields):
    """A spool in a run: grams by the ledger, 0 while the run only claims it."""

    printer_name = serializers.CharField(
        source="run.printer.name", read_only=True, allow_null=True, default=None
    )
    spool_code = serializers.CharField(source="spool.code", read_only=True)
    lot_number = serializers.CharField(read_only=True)
    filament = serializers.IntegerField(source="spool.filament_id", read_only=True)
    filament_name = serializers.CharField(source="spool.filament.name", read_only=True)
    manufacturer_name = serializers.CharField(
        source="spool.filament.manufacturer.name", read_only=True, allow_null=True, default=None
    )
    material_type_code = serializers.CharField(
        source="spool.filament.material_type.code", read_only=True
    )
    used_grams = Amount(6, read_only=True)
    order_references = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = RunMaterial
        fields = [
            "run",
            "run_number",
            "status",
            "printer_name",
            "finished_at",
            "spool",
            "spool_code",
            "lot_number",
            "filament",
            "filament_name",
            "manufacturer_name",
            "material_type_code",
            "used_grams",
            "order_references",
        ]
        read_only_fields = fields


class LotPartSerializer(OfRunFields):
    """Parts that were, or will be, made of a lot, and for which order."""

    product_sku = serializers.CharField(source="product.sku", read_only=True)
    product_name = serializers.CharField(source="product.name", read_only=True)

    class Meta:
        model = RunItem
        fields = [
            "run",
            "run_number",
            "status",
            "finished_at",
            "product",
            "product_sku",
            "product_name",
            "quantity",
            "good_count",
            "scrapped_count",
            "order_reference",
        ]
        read_only_fields = fields
