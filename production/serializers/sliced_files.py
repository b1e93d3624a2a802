"""Sliced files, and what products have of them, as JSON."""

from rest_framework import serializers

from inventory.models import Filament, MaterialType, Spool
from inventory.serializers.spools import SpoolCodeField
from production.models import (
    GramsSource,
    Printer,
    PrinterSlot,
    Product,
    ProductAlias,
    ProductFile,
    ProductFileSlot,
    ProductionRun,
    SlicedFile,
)
from production.models.sliced_files import plate_pictures
from production.serializers.actuals import refuse_twice
from production.serializers.fitting_spools import ReasonOfProposalSerializer
from production.serializers.lines import MAX_LINES, OVERRIDE_REASON
from production.serializers.outcomes import BlockerSerializer
from production.serializers.pictures import PictureField
from production.serializers.planning import MAX_REFERENCE_LENGTH
from production.services.runs.planning import MAX_AT_ONCE, MAX_PLATES, MAX_UNITS
from production.services.sliced_files.figures import SlotChoice
from production.services.sliced_files.planning import PlateProduct
from tenants.api.fields import (
    GRAMS,
    FlagField,
    IdField,
    NameField,
    PersonNameField,
    QuantityField,
    TextField,
    WholeField,
)
from tenants.api.serializers import Body, RowSerializer

LENGTH = {"max_digits": 20, "decimal_places": 3}


class SlotOfFileSerializer(serializers.Serializer):
    """A slot that prints something, counted from 1. Grams are null where the file does not say;
    the purge is a part of them."""

    slot = serializers.IntegerField()
    grams = QuantityField(allow_null=True, **GRAMS)
    purge_grams = QuantityField(allow_null=True, **GRAMS)
    length_mm = QuantityField(allow_null=True, **LENGTH)
    source = serializers.ChoiceField(
        GramsSource.choices,
        help_text="Of the grams: derived from length and density, where the slicer has none.",
    )
    material = serializers.CharField()
    color_hex = serializers.CharField()
    profile = serializers.CharField()


class ObjectSerializer(serializers.Serializer):
    """An object on a plate, and how many copies of it."""

    name = serializers.CharField()
    count = serializers.IntegerField()


class PlatesSerializer(serializers.ListSerializer):
    """The plates of a file, with their pictures."""

    annotations = {"plate_pictures": plate_pictures()}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, source="pictured_plates", read_only=True, **kwargs)


class PlateSerializer(serializers.Serializer):
    """One plate of a file; its seconds are null where the file does not say, and its picture is
    where the slicer made none that can be read."""

    index = serializers.IntegerField()
    name = serializers.CharField()
    seconds = serializers.IntegerField(allow_null=True)
    purge_grams = QuantityField(
        allow_null=True,
        help_text="Of all slots. Where the file has it of none, plans take it from the slot that "
        "takes most.",
        **GRAMS,
    )
    slots = SlotOfFileSerializer(many=True)
    objects = ObjectSerializer(many=True)
    picture = PictureField(
        "picture", allow_null=True, help_text="Its address; its thumbnail is below it."
    )


class DoubtSerializer(serializers.Serializer):
    """Why a figure should be looked at before it is used; without a slot it is of the plate."""

    plate = serializers.IntegerField()
    slot = serializers.IntegerField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class ProposedProductSerializer(serializers.Serializer):
    """How many of which product are on a plate, and why so. Without a product a new one would be
    made, of this name."""

    plate = serializers.IntegerField()
    product = serializers.IntegerField(source="product.pk", default=None, allow_null=True)
    product_sku = serializers.CharField(source="product.sku", default=None, allow_null=True)
    name = serializers.CharField()
    units = serializers.IntegerField()
    reason = serializers.ChoiceField(["same_file", "object", "successor", "filename", "new"])
    detail = serializers.CharField()
    successor_of = serializers.IntegerField(
        source="successor_of.pk",
        default=None,
        allow_null=True,
        help_text="The product's file that this one is newer than.",
    )


class ProposedSpoolSerializer(serializers.Serializer):
    """A spool for a slot. The difference of colours is by CIEDE2000, up to 15 it is near."""

    spool = serializers.IntegerField(source="spool.pk")
    spool_code = serializers.CharField(source="spool.code")
    filament = serializers.IntegerField(source="spool.filament_id")
    filament_name = serializers.CharField(source="spool.filament")
    color_difference = QuantityField(allow_null=True, max_digits=5, decimal_places=1)
    is_enough = serializers.BooleanField(allow_null=True)
    missing_grams = QuantityField(**GRAMS)
    reasons = ReasonOfProposalSerializer(many=True)


class MatchedSlotSerializer(serializers.Serializer):
    """What a slot can be printed from, best first; ``spool`` is the one to be taken unless another
    is named, null where none has enough. Grams are of all plates."""

    slot = serializers.IntegerField(source="wanted.slot")
    needed_grams = QuantityField(allow_null=True, **GRAMS)
    material_type = serializers.IntegerField(
        source="material_type.pk", default=None, allow_null=True
    )
    spool = serializers.IntegerField(source="chosen.spool.pk", default=None, allow_null=True)
    spool_code = serializers.CharField(source="chosen.spool.code", default=None, allow_null=True)
    proposals = ProposedSpoolSerializer(many=True)
    blockers = BlockerSerializer(many=True)


class SlicedFileSerializer(RowSerializer):
    """What was read of a file that was sent. The file itself is not kept."""

    plates = PlatesSerializer(child=PlateSerializer())
    doubts = DoubtSerializer(many=True, read_only=True)
    created_by_name = PersonNameField("created_by")

    class Meta:
        model = SlicedFile
        fields = [
            "id",
            "filename",
            "sha256",
            "size_bytes",
            "slicer",
            "slicer_version",
            "printer_model",
            "nozzle_mm",
            "layer_height_mm",
            "plates",
            "doubts",
            "printer",
            "created_by",
            "created_by_name",
            "created_at",
        ]
        read_only_fields = fields


class RunOfFileSerializer(serializers.Serializer):
    """A run that was planned by the file."""

    run = serializers.IntegerField(source="pk")
    number = serializers.CharField()
    status = serializers.ChoiceField(ProductionRun.Status.choices)


class ProposedFile(SlicedFileSerializer):
    """The same, with the products and spools that are proposed for it, best first, the lines that
    its figures were read from, and the runs that it was planned as, the newest first."""

    lines = serializers.CharField(read_only=True)
    products = ProposedProductSerializer(many=True, read_only=True)
    spools = MatchedSlotSerializer(many=True, read_only=True)
    runs = RunOfFileSerializer(many=True, read_only=True)
    warnings = BlockerSerializer(
        many=True, read_only=True, help_text="What of it is not for the printer; it stops nothing."
    )

    class Meta(SlicedFileSerializer.Meta):
        fields = [
            *SlicedFileSerializer.Meta.fields,
            "lines",
            "products",
            "spools",
            "runs",
            "warnings",
        ]


class PrinterQuery(serializers.Serializer):
    """Where the file is to be printed."""

    printer = IdField(
        queryset=Printer.objects.all(),
        default=None,
        help_text="For which spools are proposed; by default the only one in use that it fits.",
    )


class PlateProductBody(Body):
    """So many of a product on a plate of the file; without a product a new one of this name."""

    plate = WholeField(min_value=1, default=1)
    product = IdField(queryset=Product.objects.all(), required=False, allow_null=True)
    product_sku = NameField(
        "sku",
        source="product",
        lookup="sku__iexact",
        queryset=Product.objects.all(),
        allow_null=True,
    )
    name = TextField(required=False, max_length=200)
    units = WholeField(min_value=1, max_value=MAX_UNITS, default=1)

    def validate(self, values):
        if values.get("product") is None and not values.get("name"):
            message = "Name a product, or what a new one is called."
            raise serializers.ValidationError({"product": [message]}, code="required")
        return PlateProduct(**values)


class SlotBody(Body):
    """What is taken for a slot of a plate, without a plate of all; ``grams`` and ``purge_grams``, a
    part of them, where they were typed: of one printing of the plate."""

    slot = WholeField(min_value=1, max_value=2**31 - 1)
    plate = WholeField(min_value=1, max_value=2**31 - 1, required=False, allow_null=True)
    spool = IdField(queryset=Spool.objects.with_filament(), required=False, allow_null=True)
    spool_code = SpoolCodeField(source="spool", allow_null=True)
    filament = IdField(queryset=Filament.objects.with_makers(), required=False, allow_null=True)
    material_type = IdField(queryset=MaterialType.objects.all(), required=False, allow_null=True)
    printer_slot = IdField(queryset=PrinterSlot.objects.all(), required=False, allow_null=True)
    grams = QuantityField(required=False, allow_null=True, **GRAMS)
    purge_grams = QuantityField(required=False, allow_null=True, **GRAMS)

    def validate(self, values):
        grams, purge = values.get("grams"), values.get("purge_grams")
        if purge is not None and (grams is None or purge > grams):
            message = "The purge is a part of the grams: at most as many."
            raise serializers.ValidationError({"purge_grams": [message]})
        if values.get("filament") and values.get("material_type"):
            message = "Name a filament or a material type."
            raise serializers.ValidationError({"material_type": [message]})
        return SlotChoice(**values)


class SecondsBody(Body):
    """How long a plate prints, where somebody typed it."""

    plate = WholeField(min_value=1, default=1)
    seconds = WholeField(min_value=0, max_value=36_000_000)


class PlanFileBody(RowSerializer):
    """How often which plates are printed, of what. What is left out is as proposed; a run each,
    unless ``is_one_run``. ``confirm`` says that doubtful figures were looked at."""

    plates = serializers.ListField(
        child=WholeField(min_value=1), required=False, min_length=1, max_length=MAX_AT_ONCE
    )
    copies = WholeField(min_value=1, max_value=MAX_PLATES, default=1)
    is_one_run = FlagField(default=False)
    products = PlateProductBody(many=True, required=False, max_length=MAX_LINES)
    slots = SlotBody(many=True, required=False, max_length=MAX_LINES)
    seconds = SecondsBody(many=True, required=False, max_length=MAX_AT_ONCE)
    confirm = FlagField(default=False)
    printer_name = NameField(
        source="printer", lookup="name__iexact", queryset=Printer.objects.all(), allow_null=True
    )
    order_reference = TextField(required=False, allow_blank=True, max_length=MAX_REFERENCE_LENGTH)
    override_reason = TextField(**OVERRIDE_REASON)

    class Meta:
        model = ProductionRun
        fields = [
            "plates",
            "copies",
            "is_one_run",
            "products",
            "slots",
            "seconds",
            "confirm",
            "printer",
            "printer_name",
            "order_reference",
            "priority",
            "due_on",
            "planned_start_at",
            "notes",
            "override_reason",
        ]

    def validate_plates(self, plates):
        refuse_twice(plates)
        return plates

    def validate_products(self, products):
        refuse_twice([(each.plate, each.product or each.name.casefold()) for each in products])
        return products

    def validate_slots(self, slots):
        refuse_twice([(each.plate, each.slot) for each in slots])
        return slots

    def validate_seconds(self, seconds):
        refuse_twice([each["plate"] for each in seconds])
        return {each["plate"]: each["seconds"] for each in seconds}


class ProductFileSlotSerializer(RowSerializer):
    """What the plate takes of one slot."""

    class Meta:
        model = ProductFileSlot
        fields = [
            "slot",
            "grams",
            "purge_grams",
            "length_mm",
            "source",
            "material",
            "color_hex",
            "profile",
        ]
        read_only_fields = fields


class ProductFileSerializer(RowSerializer):
    """A plate that makes the product. Where it is shared, the figures are of all that is on it."""

    filename = serializers.CharField(source="sliced_file.filename", read_only=True)
    sha256 = serializers.CharField(source="sliced_file.sha256", read_only=True)
    slots = ProductFileSlotSerializer(many=True, read_only=True)

    class Meta:
        model = ProductFile
        fields = [
            "id",
            "sliced_file",
            "filename",
            "sha256",
            "plate",
            "units",
            "seconds",
            "printer_model",
            "nozzle_mm",
            "is_shared",
            "is_current",
            "successor_of",
            "created_at",
            "slots",
        ]
        read_only_fields = [name for name in fields if name != "is_current"]


class ProductAliasSerializer(RowSerializer):
    """What slicers call the product."""

    class Meta:
        model = ProductAlias
        fields = ["id", "name"]
        read_only_fields = fields
