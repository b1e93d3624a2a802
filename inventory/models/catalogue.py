"""The catalogue: manufacturers, material types, filaments; and locations."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Coalesce, Lower, LPad, Upper
from django.utils.translation import gettext as _

from inventory import colors, gtins
from inventory.models.fields import ColorHexField, GtinField, NumberedRow, number_field
from tenants.operations.quantities import GramsField, MoneyField
from tenants.operations.searching import HasWord, all_parts

FILAMENT_WORDS = (
    "words_of(name || ' ' || color_name || ' ' || material_label || ' ' || article_number)"
)


class PresentQuerySet(models.QuerySet):
    """Rows that may have been removed."""

    def present(self):
        return self.filter(removed_at__isnull=True)


class Manufacturer(NumberedRow):
    """A maker. Its name is unique among those that people make (``twin`` 0); clients of the
    printers' API may give several the same, or an empty one, each with the next free ``twin``."""

    number = number_field("inventory_manufacturer")
    name = models.CharField(max_length=100, blank=True)
    twin = models.PositiveSmallIntegerField(default=0, editable=False)
    empty_spool_grams = GramsField(
        "empty reel, g", null=True, blank=True, help_text="What an empty reel of this maker weighs."
    )
    external_id = models.CharField(max_length=256, null=True, blank=True)
    comment = models.TextField(blank=True)

    announced_as = "vendor"

    objects = PresentQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint("number", name="manufacturer_number_unique"),
            models.UniqueConstraint(
                Lower("name"),
                condition=Q(removed_at=None, twin=0),
                name="manufacturer_name_unique",
            ),
            models.UniqueConstraint(
                Lower("name"),
                "twin",
                condition=Q(removed_at=None, twin__gt=0),
                name="manufacturer_twin_unique",
            ),
            models.CheckConstraint(
                condition=Q(empty_spool_grams__gte=0), name="manufacturer_empty_spool_not_negative"
            ),
        ]
        indexes = [models.Index(fields=["external_id"], name="manufacturer_by_external_id")]

    def __str__(self):
        return self.name


class MaterialType(models.Model):
    """The polymer: PLA, PETG, ASA; temperatures in degrees Celsius.

    A maker's name for one, such as PLA BASIC, has the one it is of as its ``family``.
    """

    code = models.CharField(max_length=40, help_text="Upper case: PLA, PETG, ASA-CF.")
    name = models.CharField(max_length=100)
    density_g_cm3 = models.DecimalField("density, g/cm³", max_digits=6, decimal_places=4)
    nozzle_temp_min = models.PositiveSmallIntegerField("nozzle, at least", null=True, blank=True)
    nozzle_temp_max = models.PositiveSmallIntegerField("nozzle, at most", null=True, blank=True)
    bed_temp = models.PositiveSmallIntegerField("bed", null=True, blank=True)
    is_abrasive = models.BooleanField(
        "abrasive",
        default=False,
        help_text="Filled with carbon, glass or metal: wants a hardened nozzle.",
    )
    family = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="members",
        help_text="What asks for the family takes this one too.",
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint("code", name="material_type_code_unique"),
            models.CheckConstraint(
                condition=Q(code=Upper("code")), name="material_type_code_upper_case"
            ),
            models.CheckConstraint(
                condition=Q(density_g_cm3__gt=0), name="material_type_density_positive"
            ),
            models.CheckConstraint(
                condition=Q(nozzle_temp_max__gte=models.F("nozzle_temp_min")),
                name="material_type_nozzle_temps_ordered",
            ),
            models.CheckConstraint(
                condition=Q(family=None) | ~Q(family=models.F("id")),
                name="material_type_not_its_own_family",
            ),
        ]

    def __str__(self):
        return self.code

    def clean(self):
        self.code = self.code.strip().upper()
        if self.family_id:
            self._require_one_level()

    def _require_one_level(self):
        """A family is of none itself."""
        if self.family.family_id:
            message = _("%(family)s is of the family %(above)s: name that one.")
            names = {"family": self.family, "above": self.family.family}
            raise ValidationError({"family": message % names})
        if self.pk and self.members.exists():
            message = _("%(code)s is a family itself, so it can't be of one.")
            raise ValidationError({"family": message % {"code": self.code}})

    def meets(self, material_type_id):
        """Whether what asks for that material type takes this one: it, or one of its family."""
        return material_type_id is not None and material_type_id in (self.pk, self.family_id)


class FilamentQuerySet(PresentQuerySet):
    def with_makers(self):
        return self.select_related("manufacturer", "material_type")

    def active(self):
        return self.present().filter(is_active=True)

    def near_color(self, color):
        """Of a colour that looks like ``color`` (hex digits); of several, one that does."""
        found = colors.alike(colors.normalise(color), self.model.objects.hexes())
        return self.filter(Q(color_hex__in=found) | Q(multi_color_hexes__overlap=found))

    def hexes(self):
        """The colours that there are, sorted."""
        known = self.order_by().values_list("color_hex", "multi_color_hexes").distinct()
        return sorted({each for one, several in known for each in (one, *several) if each})

    def matching(self, word):
        """With the word in their name, colour or maker, or as their material, article number or
        GTIN; also by those of their doubles."""
        matches = Q(name__icontains=word) | Q(color_name__icontains=word)
        matches |= Q(manufacturer__name__icontains=word) | Q(material_type__code__iexact=word)
        matches |= Q(article_number__iexact=word) | Q(pk__in=self.model.objects.of_gtin(word))
        matches |= self._of_doubles(Q(article_number__iexact=word))
        return self.filter(matches | all_parts(word, self.having))

    def having(self, part):
        """The condition of those with a word that begins with ``part``, as the search of the farm
        finds them."""
        own = self.model.objects.filter(HasWord(FILAMENT_WORDS, part))
        makers = Manufacturer.objects.present().filter(HasWord("words_of(name)", part))
        types = MaterialType.objects.filter(HasWord("words_of(code)", part))
        found = Q(pk__in=own.order_by().values("pk"))
        found |= Q(manufacturer__in=makers.order_by().values("pk"))
        return found | Q(material_type__in=types.order_by().values("pk"))

    def of_gtin(self, text):
        """With this GTIN, however many digits it was written with; for that of a case also those
        of the unit in it."""
        gtin = gtins.normalise(text)
        if not gtins.is_valid(gtin):
            return self.none()
        in_full = Q(gtin_in_full__in={gtins.in_full(gtin), gtins.of_unit(gtin)})
        return self._with_full_gtin().filter(in_full | self._of_doubles(in_full))

    def numbered(self, number):
        """The filament of this number; of a double, the one it was merged into."""
        return self.present().filter(Q(number=number) | self._of_doubles(Q(number=number)))

    def leading(self, condition):
        """Those of a condition, and those that one of it was merged into."""
        return self.filter(condition | self._of_doubles(condition))

    def same_as(self, condition):
        """The ids of those of a condition, of what they were merged into, and of all that was
        merged into the same. One query."""
        ids = self.filter(condition).order_by().values(target=Coalesce("merged_into", "pk"))
        found = self.filter(Q(pk__in=ids) | Q(merged_into__in=ids))
        return list(found.order_by("pk").values_list("pk", flat=True))

    def _with_full_gtin(self):
        in_full = Case(When(gtin="", then=None), default=LPad("gtin", 14, Value("0")))
        return self.alias(gtin_in_full=in_full)

    def _of_doubles(self, condition):
        """Those that filaments of the condition were merged into."""
        doubles = self.model.objects.filter(merged_into__isnull=False)._with_full_gtin()
        return Q(pk__in=doubles.filter(condition).order_by().values("merged_into"))


class Filament(NumberedRow):
    """A catalogue entry: one maker's filament of one polymer, colour, diameter and size.

    ``material_label`` is the material as a client of the printers' API wrote it.
    """

    class Direction(models.TextChoices):
        COAXIAL = "coaxial"
        LONGITUDINAL = "longitudinal"

    class Finish(models.TextChoices):
        """What is seen of it first, besides its colour."""

        MATTE = "matte"
        GLOSSY = "glossy"
        SILK = "silk"
        SPARKLE = "sparkle"
        MARBLE = "marble"
        TRANSLUCENT = "translucent"
        GLOW = "glow", "glows in the dark"

    number = number_field("inventory_filament")
    manufacturer = models.ForeignKey(
        Manufacturer, models.PROTECT, null=True, blank=True, related_name="filaments"
    )
    material_type = models.ForeignKey(MaterialType, models.PROTECT, related_name="filaments")
    material_label = models.CharField(max_length=64, blank=True, editable=False)
    name = models.CharField(max_length=150, blank=True)
    color_name = models.CharField("colour name", max_length=100, blank=True)
    color_hex = ColorHexField("colour, hex", max_length=8, blank=True)
    multi_color_hexes = ArrayField(
        ColorHexField(max_length=8),
        default=list,
        blank=True,
        verbose_name="several colours, hex",
    )
    multi_color_direction = models.CharField(
        "how they run", max_length=12, blank=True, choices=Direction
    )
    finish = models.CharField(max_length=12, blank=True, choices=Finish)
    diameter_mm = models.DecimalField(
        "diameter, mm", max_digits=6, decimal_places=4, default="1.75"
    )
    density_g_cm3 = models.DecimalField(
        "density, g/cm³",
        max_digits=6,
        decimal_places=4,
        blank=True,
        help_text="The material type's when left out.",
    )
    net_grams = GramsField(
        "net, g", null=True, blank=True, help_text="Nominal filament on a full spool."
    )
    tare_grams = GramsField("empty reel, g", null=True, blank=True, help_text="The empty reel.")
    nozzle_temp = models.PositiveSmallIntegerField("nozzle", null=True, blank=True)
    bed_temp = models.PositiveSmallIntegerField("bed", null=True, blank=True)
    price = MoneyField(null=True, blank=True, help_text="Of a full spool, net of VAT.")
    article_number = models.CharField(max_length=100, blank=True)
    gtin = GtinField("GTIN", max_length=14, blank=True)
    external_id = models.CharField("external ID", max_length=256, null=True, blank=True)
    reorder_point_grams = GramsField("reorder below, g", null=True, blank=True)
    comment = models.TextField(blank=True)
    is_active = models.BooleanField("in use", default=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="doubles",
        help_text="The filament that this one turned out to be.",
    )  # fmt: skip

    announced_as = "filament"

    objects = FilamentQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint("number", name="filament_number_unique"),
            models.CheckConstraint(
                condition=Q(color_hex="") | Q(color_hex__regex=colors.HEX),
                name="filament_color_hex_digits",
            ),
            models.CheckConstraint(
                condition=Q(diameter_mm__gt=0, density_g_cm3__gt=0),
                name="filament_diameter_and_density_positive",
            ),
            models.CheckConstraint(condition=Q(net_grams__gt=0), name="filament_net_positive"),
            models.CheckConstraint(
                condition=Q(tare_grams__gte=0), name="filament_tare_not_negative"
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="filament_price_not_negative"),
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(removed_at__isnull=False),
                name="filament_merged_is_removed",
            ),
        ]
        indexes = [models.Index(fields=["external_id"], name="filament_by_external_id")]

    def __str__(self):
        parts = [self.name or f"{self.material_type} {self.color_name or ''.join(self.hexes[:1])}"]
        if self.manufacturer_id:
            parts.insert(0, str(self.manufacturer))
        return " ".join(part.strip() for part in parts if part.strip())

    def clean(self):
        if self.density_g_cm3 is None and self.material_type_id:
            self.density_g_cm3 = self.material_type.density_g_cm3
        if bool(self.multi_color_hexes) != bool(self.multi_color_direction):
            raise ValidationError(
                {"multi_color_direction": _("Several colours and their direction go together.")}
            )
        self._require_type_of_bills()

    def _require_type_of_bills(self):
        """A bill of materials names a filament together with its material type."""
        if self.pk is None:
            return
        lines = self.bom_lines.exclude(material_type=self.material_type_id)
        if line := lines.select_related("product", "material_type").first():
            names = {"product": line.product.sku, "material": line.material_type}
            message = _("The bill of materials of %(product)s names it as %(material)s.")
            raise ValidationError({"material_type": message % names})

    @property
    def hexes(self):
        """The hex digits of its colour or colours; empty when they are not set."""
        return self.multi_color_hexes or list(filter(None, [self.color_hex]))

    @property
    def is_translucent(self):
        """By its finish, or by a colour that is not opaque."""
        is_clear = any(len(color) == 8 and color[6:] != "FF" for color in self.hexes)
        return self.finish == self.Finish.TRANSLUCENT or is_clear

    @property
    def cost_per_gram(self):
        """Money per gram by the catalogue: price / net grams; None when either is unknown."""
        if self.price is None or not self.net_grams:
            return None
        return self.price / self.net_grams
