"""Spools proposed for all planned runs together, and what was taken of them, as JSON."""

from django.utils.translation import gettext as _
from rest_framework import serializers

from inventory.models import Spool
from production.models import RunMaterial
from production.serializers.sliced_files import ReasonOfProposalSerializer
from production.services.best_fit.proposals import DAYS, MOST_DAYS
from production.services.best_fit.taking import MOST, MOST_SPOOLS
from tenants.api.fields import GRAMS, QuantityField, WholeField
from tenants.api.serializers import Body

ID = {"min_value": 1, "max_value": 2**63 - 1}


class BestFitQuery(serializers.Serializer):
    """Which runs are planned together."""

    days = serializers.IntegerField(
        min_value=1, max_value=MOST_DAYS, default=DAYS, help_text="That the runs begin within."
    )


class SpoolShareSerializer(serializers.Serializer):
    """A spool, and what it gives."""

    spool = serializers.IntegerField(source="spool.pk")
    code = serializers.CharField(source="spool.code")
    grams = QuantityField(**GRAMS)
    left_grams = QuantityField(
        **GRAMS, help_text="Available of it after all that is proposed of it."
    )


class LineProposalSerializer(serializers.Serializer):
    """Spools for a material without one, in the order in which they follow each other; none where
    none suit. Those of more spools than are taken at once are not ``is_takeable``."""

    material = serializers.IntegerField(source="line.pk")
    run = serializers.IntegerField(source="run.pk")
    number = serializers.CharField(source="run.number")
    wanted = serializers.CharField(help_text="The filament or material type that it asks for.")
    needed_grams = QuantityField(source="line.planned_total_grams", **GRAMS)
    spools = SpoolShareSerializer(source="shares", many=True)
    is_takeable = serializers.BooleanField()
    reasons = ReasonOfProposalSerializer(many=True)


class BestFitSerializer(serializers.Serializer):
    """The proposals, in the order of the queue."""

    days = serializers.IntegerField()
    run_count = serializers.IntegerField(help_text="Planned runs that were looked at together.")
    is_cut = serializers.BooleanField(help_text="Whether more are planned than that.")
    changes = serializers.IntegerField(help_text="Of the spool, during a print.")
    small_rests = serializers.IntegerField(help_text="Spools left with less than 50 g.")
    proposals = LineProposalSerializer(many=True)


class ChosenSpoolsBody(Body):
    """Spools for a material of a planned run, in the order in which they follow each other."""

    material = WholeField(**ID)
    spools = serializers.ListField(
        child=WholeField(**ID), allow_empty=False, max_length=MOST_SPOOLS
    )


class TakeSpoolsBody(Body):
    """What of the proposals is taken; it may be other spools as well."""

    proposals = ChosenSpoolsBody(many=True, allow_empty=False, max_length=MOST)

    def validate(self, values):
        chosen = values["proposals"]
        lines = RunMaterial.objects.in_bulk([each["material"] for each in chosen])
        ids = {pk for each in chosen for pk in each["spools"]}
        spools = Spool.objects.present().in_bulk(ids)
        errors = [_unknown(each, lines, spools) for each in chosen]
        if any(errors):
            raise serializers.ValidationError({"proposals": errors}, code="does_not_exist")
        found = [
            (lines[each["material"]], [spools[pk] for pk in each["spools"]]) for each in chosen
        ]
        return {"chosen": found}


class RefusedSerializer(serializers.Serializer):
    code = serializers.CharField()
    detail = serializers.CharField()


class TakenSerializer(serializers.Serializer):
    """What became of a run: the materials that have spools now, or why there are none."""

    run = serializers.IntegerField(source="run.pk")
    number = serializers.CharField(source="run.number")
    materials = serializers.ListField(child=serializers.IntegerField(), source="ids")
    refusal = RefusedSerializer(allow_null=True)


class TakenRunsSerializer(serializers.Serializer):
    """Each run, as a whole or not at all."""

    runs = TakenSerializer(many=True)


def _unknown(chosen, lines, spools):
    errors = {}
    if chosen["material"] not in lines:
        text = _("There is no material %(id)s.") % {"id": chosen["material"]}
        errors["material"] = [text]
    if missing := [pk for pk in chosen["spools"] if pk not in spools]:
        text = _("There is no spool %(id)s.") % {"id": ", ".join(map(str, missing))}
        errors["spools"] = [text]
    return errors
