"""What was done to runs, as JSON."""

from rest_framework import serializers

from production.models import ProductionRun, RunEvent
from production.services.verbs import EVENT_CHOICES
from tenants.api.fields import UsernameField
from tenants.api.serializers import RowSerializer


class RunEventSerializer(RowSerializer):
    """One verb done to a run: when, by whom, why, and from which status to which. A run that was
    deleted is still named."""

    run_number = serializers.CharField(source="run.number", read_only=True)
    verb = serializers.ChoiceField(EVENT_CHOICES, read_only=True)
    from_status = serializers.ChoiceField(
        ProductionRun.Status.choices,
        read_only=True,
        allow_blank=True,
        help_text="Empty where the run was made.",
    )
    to_status = serializers.ChoiceField(ProductionRun.Status.choices, read_only=True)
    by_username = UsernameField("by")
    overrides = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="Codes of the refusals that a manager went past.",
    )

    class Meta:
        model = RunEvent
        fields = [
            "id",
            "run",
            "run_number",
            "verb",
            "from_status",
            "to_status",
            "reason",
            "overrides",
            "by",
            "by_username",
            "by_name",
            "at",
        ]
        read_only_fields = fields
