"""Reports of devices that were taken for repeats, as JSON."""

from rest_framework import serializers

from inventory.models import RecognisedRepeat
from tenants.api.serializers import RowSerializer


class RecognisedRepeatSerializer(RowSerializer):
    """``grams`` were not counted again; of one that only perhaps repeats (R4), with both."""

    token_name = serializers.CharField(source="token.name", read_only=True)
    spool_code = serializers.CharField(source="spool.code", read_only=True)
    is_overruled = serializers.BooleanField(read_only=True)

    class Meta:
        model = RecognisedRepeat
        fields = [
            "id",
            "token",
            "token_name",
            "spool",
            "spool_code",
            "rule",
            "unit",
            "amount",
            "before",
            "grams",
            "received_at",
            "is_overruled",
            "overruled_at",
            "entry",
        ]
        read_only_fields = fields
