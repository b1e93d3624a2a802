"""The spools that fit what a run needs, as JSON."""

from rest_framework import serializers

from production.models import ProductionRun
from tenants.api.fields import GRAMS, QuantityField


class ReasonOfProposalSerializer(serializers.Serializer):
    """Why a spool is proposed, or what speaks against it."""

    code = serializers.CharField()
    detail = serializers.CharField()


class FittingSpoolSerializer(serializers.Serializer):
    """A spool that fits a material; whether it has enough is null where the need is unknown."""

    spool = serializers.IntegerField(source="spool.pk")
    spool_code = serializers.CharField(source="spool.code")
    filament = serializers.IntegerField(source="spool.filament_id")
    filament_name = serializers.CharField(source="spool.filament")
    location_name = serializers.CharField(
        source="spool.location.name", default=None, allow_null=True
    )
    available_grams = QuantityField(help_text="What is reserved for it included.", **GRAMS)
    is_enough = serializers.BooleanField(allow_null=True)
    missing_grams = QuantityField(**GRAMS)
    reasons = ReasonOfProposalSerializer(many=True)


class WantedSpoolSerializer(serializers.Serializer):
    """What fits a material of the run, the best first: what it has already, unless it is swapped
    out."""

    material = serializers.IntegerField(source="line.pk")
    needed_grams = QuantityField(source="grams", allow_null=True, **GRAMS)
    is_swapped = serializers.BooleanField(
        help_text="The run prints: these are spools that it could go on from."
    )
    spools = FittingSpoolSerializer(many=True)


class WantedSpoolsSerializer(serializers.Serializer):
    """The spools that fit the materials of an open run; none of a closed one."""

    run = serializers.IntegerField(source="run.pk")
    number = serializers.CharField(source="run.number")
    status = serializers.ChoiceField(ProductionRun.Status.choices, source="run.status")
    materials = WantedSpoolSerializer(many=True)
