"""The bodies of a spool's verbs."""

from inventory.models import Filament, Location, Spool, SpoolTag
from inventory.serializers.spools import GRAMS, ReceiveBody, SpoolCodeField
from tenants.api.fields import (
    MONEY,
    ChoiceField,
    FlagField,
    IdField,
    MomentField,
    NameField,
    QuantityField,
    TextField,
)
from tenants.api.serializers import Body, NoBody

WORD = {"required": False, "allow_blank": True, "max_length": 40}
NOTE = {"required": False, "allow_blank": True, "max_length": 2000}


class WeighBody(Body):
    """What the scale shows, filament and reel together."""

    gross_grams = QuantityField(**GRAMS)
    weighed_at = MomentField(required=False, allow_null=True)
    basis = ChoiceField(["now", "then"], required=False, allow_null=True)
    confirm = FlagField(required=False)
    note = TextField(**NOTE)


class TakeBody(Body):
    """Either the grams that were taken, or what the scale shows after it."""

    grams = QuantityField(required=False, allow_null=True, **GRAMS)
    gross_after_grams = QuantityField(required=False, allow_null=True, **GRAMS)
    reason = TextField(**WORD)
    note = TextField(**NOTE)
    confirm = FlagField(required=False)


class EmptyBody(Body):
    """What becomes of the grams that the book still has: a count to 0 by default, or waste."""

    kind = ChoiceField(["count", "waste"], required=False, source="as_")
    reason = TextField(**WORD)
    note = TextField(**NOTE)
    confirm = FlagField(required=False)


class AdjustBody(Body):
    """Signed grams: minus takes away."""

    grams = QuantityField(signed=True, **GRAMS)
    reason = TextField(max_length=40)
    note = TextField(**NOTE)


class RevalueBody(Body):
    """With ``dry_run`` nothing is saved."""

    dry_run = FlagField(required=False)


class MoveBody(Body):
    """Where the spool is now; null: not set."""

    location = IdField(queryset=Location.objects.all(), required=False, allow_null=True)
    location_name = NameField(
        source="location", lookup="name__iexact", queryset=Location.objects.all(), allow_null=True
    )

    class Meta:
        needed = ("location",)


class RelabelBody(Body):
    """The code on a label that is printed already; left out, a new one is made."""

    code = TextField(required=False, max_length=40)


class TagBody(Body):
    """The UID as a reader writes it; with ``moves`` it is taken off the spool that has it."""

    uid = TextField(max_length=200)
    kind = ChoiceField(SpoolTag.Kind.values, required=False)
    moves = FlagField(required=False)


class MergeBody(Body):
    """The spool that is the same reel, and how you know. ``confirm`` merges spools of different
    filaments; with ``dry_run`` nothing is saved."""

    double = IdField(queryset=Spool.objects.all(), required=False)
    double_code = SpoolCodeField(source="double")
    reason = TextField(max_length=200)
    confirm = FlagField(required=False)
    dry_run = FlagField(required=False)

    class Meta:
        needed = ("double",)


class FilamentMergeBody(Body):
    """The filament that is the same one, and how you know. ``confirm`` merges other materials and
    diameters; with ``dry_run`` nothing is saved."""

    double = IdField(queryset=Filament.objects.all(), required=False)
    double_name = NameField(
        source="double", lookup="name__iexact", queryset=Filament.objects.present()
    )
    reason = TextField(max_length=200)
    confirm = FlagField(required=False)
    dry_run = FlagField(required=False)

    class Meta:
        needed = ("double",)


class ArchiveBody(Body):
    """Whether filament that is left is thrown away (as waste) or stays in the book."""

    discard = FlagField(required=False, allow_null=True)
    note = TextField(**NOTE)


class ReturnBody(Body):
    """What the supplier credits for the spool; left out or null, it is not known."""

    credit = QuantityField(required=False, allow_null=True, **MONEY)
    reason = TextField(**WORD)
    note = TextField(**NOTE)


SPOOL_VERBS = {
    "receive": ReceiveBody,
    "weigh": WeighBody,
    "use": TakeBody,
    "waste": TakeBody,
    "empty": EmptyBody,
    "adjust": AdjustBody,
    "revalue": RevalueBody,
    "move": MoveBody,
    "open": NoBody,
    "dry": NoBody,
    "relabel": RelabelBody,
    "archive": ArchiveBody,
    "send_back": ReturnBody,
    "restore": NoBody,
    "merge": MergeBody,
    "unmerge": NoBody,
}
