"""Stocktakes, their lines and what is recorded of them, as JSON."""

from rest_framework import serializers

from inventory.models import Location, Spool, Stocktake, StocktakeLine
from inventory.serializers.spools import SpoolCodeField
from production.models import Printer
from production.serializers.variance import Amount
from production.services.stocktaking.recording import BY_WORD
from tenants.api.fields import (
    GRAMS,
    ChoiceField,
    FlagField,
    IdField,
    MomentField,
    NameField,
    PersonNameField,
    QuantityField,
    TextField,
)
from tenants.api.serializers import Body, RowSerializer
from tenants.operations.quantities import CostPerGramField

VERSION_LENGTH = 100
REASON_LENGTH = Stocktake._meta.get_field("reason").max_length
TEXT_LENGTH = StocktakeLine._meta.get_field("text").max_length
PLACE_LENGTH = StocktakeLine._meta.get_field("place").max_length


class StocktakeSerializer(RowSerializer):
    """A stocktake; POST begins it. ``place`` is what its place was called then."""

    begun_by_name, closed_by_name = PersonNameField("begun_by"), PersonNameField("closed_by")

    class Meta:
        model = Stocktake
        fields = [
            "id",
            "scope",
            "location",
            "place",
            "status",
            "reason",
            "begun_by",
            "begun_by_name",
            "begun_at",
            "closed_by",
            "closed_by_name",
            "closed_at",
        ]
        read_only_fields = fields


class StocktakeLineSerializer(RowSerializer):
    """A spool, or a code that no spool has, as it was counted last. The difference is from the
    book of that moment, all of it where the spool was not found; null where nothing was recorded,
    or, of money, where the cost is unknown. What a gram costs is of now while the stocktake is
    open, then of when it was closed. ``outcome`` and ``place_outcome`` say what posting did with
    the grams, and with the place of a spool that was to be moved."""

    spool_code = serializers.CharField(source="spool.code", read_only=True, allow_null=True)
    filament = serializers.IntegerField(source="spool.filament_id", read_only=True, allow_null=True)
    filament_name = serializers.CharField(
        source="spool.filament.name", read_only=True, allow_null=True
    )
    move_to_name = serializers.CharField(source="move_to.name", read_only=True, allow_null=True)
    counted_by_name = PersonNameField("counted_by")
    cost_per_gram = QuantityField(
        source="rate",
        read_only=True,
        allow_null=True,
        max_digits=CostPerGramField.digits,
        decimal_places=CostPerGramField.places,
    )
    is_recorded = serializers.BooleanField(read_only=True)
    difference_grams = QuantityField(read_only=True, allow_null=True, signed=True, **GRAMS)
    difference_value = QuantityField(
        read_only=True, allow_null=True, signed=True, max_digits=12, decimal_places=4
    )

    posted_grams = QuantityField(read_only=True, allow_null=True, signed=True, **GRAMS)
    posted_value = QuantityField(
        read_only=True, allow_null=True, signed=True, max_digits=12, decimal_places=4
    )

    class Meta:
        model = StocktakeLine
        fields = [
            "id",
            "stocktake",
            "spool",
            "spool_code",
            "filament",
            "filament_name",
            "text",
            "place",
            "is_expected",
            "expected_grams",
            "cost_per_gram",
            "result",
            "is_recorded",
            "gross_grams",
            "counted_grams",
            "book_grams",
            "difference_grams",
            "difference_value",
            "move_to",
            "move_to_name",
            "counted_by",
            "counted_by_name",
            "counted_at",
            "outcome",
            "posted_grams",
            "posted_value",
            "place_outcome",
            "entry",
        ]
        read_only_fields = fields


class ProgressSerializer(serializers.Serializer):
    """Of a place: how many spools are expected, recorded and not found, how many were found that
    were not expected there, and how many codes no spool has."""

    place = serializers.CharField()
    expected, recorded, not_found, unexpected, unknown = (
        serializers.IntegerField() for _ in range(5)
    )


class TotalProgressSerializer(ProgressSerializer):
    place = None


class DifferencesSerializer(serializers.Serializer):
    """``value`` is of those whose cost is known; null if that is so of none. ``unpriced`` are the
    others."""

    count = serializers.IntegerField()
    grams, value = Amount(6), Amount(4)
    unpriced = serializers.IntegerField()


class StocktakeDoubtSerializer(serializers.Serializer):
    """Why a line should be looked at again."""

    line = serializers.IntegerField(source="line.pk")
    spool = serializers.IntegerField(source="line.spool_id")
    spool_code = serializers.CharField(source="line.spool.code")
    text = serializers.CharField()


class StocktakeReviewSerializer(serializers.Serializer):
    """What a stocktake has found so far: ``differences`` of what was counted, what the book has of
    spools that were not found, and both together; what was ``posted``, null unless it is.
    ``version`` names what posting would do now; null unless it is open."""

    total = TotalProgressSerializer()
    places = ProgressSerializer(many=True)
    differences, not_found, together = (DifferencesSerializer() for _ in range(3))
    posted = DifferencesSerializer(allow_null=True)
    doubts = StocktakeDoubtSerializer(many=True)
    version = serializers.CharField(allow_null=True)


class BeginBody(Body):
    """A location, a printer or ``no_place``; none of them: the whole farm. ``confirm`` begins it
    though spools of it are in another open stocktake."""

    location = IdField(queryset=Location.objects.all(), required=False, allow_null=True)
    location_name = NameField(
        source="location", lookup="name__iexact", queryset=Location.objects.all(), allow_null=True
    )
    printer = IdField(queryset=Printer.objects.all(), required=False, allow_null=True)
    no_place = FlagField(required=False)
    confirm = FlagField(required=False)


class StocktakeRecordBody(Body):
    """A spool, and what the scale shows, its net grams, or a word. ``moves`` moves it to
    ``found_at``, by default the stocktake's location, when the stocktake is posted."""

    spool = IdField(queryset=Spool.objects.all(), required=False)
    spool_code = SpoolCodeField(source="spool")
    gross_grams = QuantityField(required=False, allow_null=True, **GRAMS)
    net_grams = QuantityField(required=False, allow_null=True, **GRAMS)
    result = ChoiceField([str(word) for word in BY_WORD], required=False, allow_null=True)
    found_at = IdField(queryset=Location.objects.all(), required=False, allow_null=True)
    moves = FlagField(required=False)
    counted_at = MomentField(required=False, allow_null=True)
    confirm = FlagField(required=False)

    class Meta:
        needed = ("spool",)


class UnknownBody(Body):
    """A code that is on a reel, and that no spool of the farm has, or only an archived one."""

    text = TextField(max_length=TEXT_LENGTH)


class RestBody(Body):
    """Only those at this place by the book (empty: at none); left out, all."""

    place = TextField(required=False, allow_blank=True, max_length=PLACE_LENGTH)


class TakeBackBody(Body):
    """The line of which something is recorded."""

    line = IdField(queryset=StocktakeLine.objects.all())


class PostBody(Body):
    """Why, and what becomes of spools that were not found. ``seen_version`` is that of the review
    that was looked at: it is refused where posting would do something else by now. ``confirm``
    posts what should be counted again too."""

    reason = TextField(max_length=REASON_LENGTH)
    missing = ChoiceField(Stocktake.Missing.values, required=False)
    seen_version = TextField(required=False, max_length=VERSION_LENGTH)
    confirm = FlagField(required=False)
