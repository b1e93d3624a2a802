"""Pictures of the farm: of products, of failures, of sliced files."""

from django.db import models
from django.db.models import Count, Exists, Func, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

ADDRESS = "/api/v1/pictures/"
MOST_BYTES = 308_000  # of both files


def _length(column):
    return Func(column, function="octet_length", output_field=models.IntegerField())


def _hash(column):
    digest = Func(column, function="sha256", output_field=models.BinaryField())
    return Func(digest, Value("hex"), function="encode", output_field=models.TextField())


class PictureQuerySet(models.QuerySet):
    def light(self):
        """Without the bytes of what is shown."""
        return self.defer("content", "thumbnail")

    def with_uses(self):
        """Adds ``uses``: how many rows name it."""
        uses = Value(0)
        for field in references():
            rows = field.model._base_manager.filter(**{field.attname: OuterRef("sha256")})
            counted = rows.order_by().values(field.attname).values(count=Count("pk"))
            uses = uses + Coalesce(Subquery(counted), 0)
        return self.annotate(uses=uses)

    def unused(self):
        """Those that no row names, whichever table may."""
        pictures = self
        for field in references():
            rows = field.model._base_manager.filter(**{field.attname: OuterRef("sha256")})
            pictures = pictures.filter(~Exists(rows.order_by()))
        return pictures


class Picture(models.Model):
    """A picture as it was encoded anew (see ``production.pictures``), under the hash of
    ``content``. Rows refer to it by the hash, which is in its address. ``named_at`` is when a row
    was last given it; ``size_bytes`` are those of both files."""

    sha256 = models.CharField("SHA-256", max_length=64, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    content = models.BinaryField()
    thumbnail = models.BinaryField()
    size_bytes = models.GeneratedField(
        expression=_length("content") + _length("thumbnail"),
        output_field=models.IntegerField(),
        db_persist=True,
        verbose_name="bytes",
    )
    created_at = models.DateTimeField("since", editable=False)
    named_at = models.DateTimeField(editable=False)

    objects = PictureQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["sha256"], name="picture_sha256_unique"),
            models.CheckConstraint(
                condition=Q(sha256=_hash("content")),
                name="picture_is_what_its_hash_says",
            ),
            models.CheckConstraint(
                condition=Q(size_bytes__lte=MOST_BYTES), name="picture_size_is_bounded"
            ),
        ]

    def __str__(self):
        return f"{self.width} × {self.height} px"


def address_of(sha256):
    """Where a picture is read; below it, at ``thumbnail/``, its thumbnail."""
    return f"{ADDRESS}{sha256}/"


def references():
    """The fields of all models that name a picture."""
    fields = Picture._meta.get_fields(include_hidden=True)
    return [each.field for each in fields if each.one_to_many and not each.concrete]


def picture_field(verbose_name, on_delete=models.SET_NULL, **options):
    """A reference to a picture: its value is the hash."""
    options = {"null": True, "blank": True, "editable": False, "related_name": "+"} | options
    return models.ForeignKey(
        Picture, on_delete, to_field="sha256", verbose_name=verbose_name, **options
    )
