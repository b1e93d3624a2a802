"""Pictures in other rows, as JSON: by their addresses."""

from django.db.models import Case, F, Value, When
from django.db.models.functions import Concat
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from production.models import RunPhoto
from production.models.pictures import ADDRESS, address_of
from tenants.api.fields import UsernameField
from tenants.api.json_expressions import TEXT
from tenants.api.serializers import RowSerializer


@extend_schema_field({"type": "string", "format": "uri-reference"})
class PictureField(serializers.CharField):
    """The address of the picture that a reference names, or of its thumbnail; null without one.
    ``reference`` is the name of the field."""

    def __init__(self, reference, *, is_thumbnail=False, **kwargs):
        self.end = "thumbnail/" if is_thumbnail else ""
        super().__init__(source=f"{reference}_id", read_only=True, **kwargs)

    @property
    def expression(self):
        parts = Value(ADDRESS), F(self.source), Value(f"/{self.end}")
        address = Concat(*parts, output_field=TEXT)
        is_missing = When(**{f"{self.source}__isnull": True}, then=Value(None, output_field=TEXT))
        return Case(is_missing, default=address, output_field=TEXT)

    def to_representation(self, value):
        return f"{address_of(value)}{self.end}"


class RunPhotoSerializer(RowSerializer):
    """A photo of a run: its addresses, and its size in pixels."""

    picture = PictureField("picture")
    thumbnail = PictureField("picture", is_thumbnail=True)
    width = serializers.IntegerField(source="picture.width", read_only=True)
    height = serializers.IntegerField(source="picture.height", read_only=True)
    created_by_username = UsernameField("created_by")

    class Meta:
        model = RunPhoto
        fields = [
            "id",
            "run",
            "picture",
            "thumbnail",
            "width",
            "height",
            "created_at",
            "created_by",
            "created_by_username",
        ]
        read_only_fields = fields
