"""What a profile of a slicer is here: the filament that was taken for it, in its colour, the last
time, whatever file it was in. Queries only."""

from django.db.models import F

from production.models import ProductFileSlot, ProductionRun, RunMaterial

MOST_SLOTS = 100  # of product files, the newest
MOST_RUNS = 50  # of these, the newest


def look_of(slot):
    """What a slot is recognised by."""
    return slot.profile, slot.color_hex


def taken_for(slots):
    """``{look: (filament id, "")}`` of what the last runs took for slots that look so. Three
    queries at most; none where no slot has a profile and a colour."""
    looks = {look_of(slot) for slot in slots if slot.profile and slot.color_hex}
    used = _used_in_files(looks) if looks else {}
    if not used:
        return {}
    runs = ProductionRun.objects.live().filter(sliced_file__in={file for file, _slot in used})
    # Not by the id itself, in whose order PostgreSQL may look through all runs.
    last = list(runs.order_by((F("pk") + 0).desc()).values_list("pk", flat=True)[:MOST_RUNS])
    lines = RunMaterial.objects.filter(run__in=last, spool__isnull=False).order_by("-run", "pk")
    found = {}
    for file, slot, filament in lines.values_list(
        "run__sliced_file", "sliced_slot", "spool__filament"
    ):
        if look := used.get((file, slot)):
            found.setdefault(look, (filament, ""))
    return found


def _used_in_files(looks):
    """``{(sliced file id, slot): look}`` of products' files."""
    rows = ProductFileSlot.objects.filter(profile__in={profile for profile, _color in looks})
    rows = rows.order_by((F("pk") + 0).desc())
    values = rows.values_list("file__sliced_file", "slot", "profile", "color_hex")[:MOST_SLOTS]
    return {
        (file, slot): (profile, color)
        for file, slot, profile, color in values
        if (profile, color) in looks
    }
