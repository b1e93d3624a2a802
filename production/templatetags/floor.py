"""Figures, times and spools on the floor's pages: in the farm's locale, with their units."""

from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from inventory import codes
from inventory.glyphs import spool_glyph
from inventory.models import Filament, MaterialType
from production.models.pictures import address_of
from production.services.sliced_files.bringing import SUFFIXES
from tenants.operations.text import format_number, half_up

# Why a spool is proposed, beside what its card has anyway.
REASONS = ("color", "another_color", "family", "taken_before", "profile", "printing_elsewhere")
REASONS += ("held", "follows", "order_lot", "dried", "too_little", "twins_follow")

register = template.Library()
register.simple_tag(spool_glyph)
register.filter(codes.spelled)


@register.simple_tag
def file_color(color_hex):
    """The colour of a slot of a sliced file, as a full spool."""
    return spool_glyph(Filament(color_hex=color_hex, material_type=MaterialType()), size="s")


@register.inclusion_tag("production/floor/_choice.html")
def choice(proposal):
    """What a SpoolProposal or FittingSpool is chosen by: swatch, place, why, code, grams left."""
    reasons = [reason for reason in proposal.reasons if reason.code in REASONS]
    return {"spool": proposal.spool, "reasons": reasons}


@register.filter
def picture(sha256):
    """The address of a picture."""
    return address_of(sha256)


@register.filter
def grams(value):
    """``12.5 g``, with at most two decimals; – if unknown."""
    return "–" if value is None else _("%(grams)s g") % {"grams": format_number(value)}


@register.filter
def planned(line):
    """What a material was planned with, or is expected to take: one that was added after the start
    has no plan of its own."""
    if line.has_plan:
        return _("%(grams)s planned") % {"grams": grams(line.planned_total_grams)}
    if line.expected_grams:
        return _("%(grams)s expected, added after the start") % {
            "grams": grams(line.expected_grams)
        }
    return _("no plan of its own: it takes what is left of the planned grams")


@register.filter
def signed_grams(value):
    """The same with its sign."""
    rounded = half_up(value, 2)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else "±"
    return f"{sign}{grams(abs(value))}"


@register.filter
def signed_money(value):
    """``−2.50``; – if unknown."""
    if value is None:
        return "–"
    rounded = half_up(value, 2)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else "±"
    return sign + number_format(abs(rounded), decimal_pos=2, use_l10n=True)


@register.filter
def permille(grams, of):
    """Whole thousandths, from 0 to 1000."""
    return max(0, min(1000, int(grams * 1000 / of)))


@register.filter
def duration(minutes):
    """Minutes as ``2 h 05 min``; – if unknown."""
    if minutes is None:
        return "–"
    hours, rest = divmod(int(half_up(abs(minutes), 0)), 60)
    if hours:
        return _("%(hours)d h %(minutes)02d min") % {"hours": hours, "minutes": rest}
    return _("%(minutes)d min") % {"minutes": rest}


@register.filter
def duration_of_seconds(seconds):
    return duration(None if seconds is None else Decimal(seconds) / 60)


@register.simple_tag
def products(items, most=None):
    """``4 × Hook, 2 × Box`` of the items of a run; the first ones, if there are more than that."""
    parts = [
        format_html("{}&nbsp;×&nbsp;{}", item.quantity, item.product.name) for item in items[:most]
    ]
    if len(parts) < len(items):
        parts.append(_("%(number)s products in all") % {"number": len(items)})
    listed = format_html_join(", ", "{}", ((part,) for part in parts))
    return format_html('<span class="items">{}</span>', listed)


@register.simple_tag
def due(job):
    """`` · due 28 Nov 2026``, if it has a date."""
    run = job.run
    if run.due_on is None:
        return SafeString()
    day = {"day": date_format(run.due_on, "SHORT_DATE_FORMAT")}
    if job.is_overdue:
        return format_html(' · <b class="late">{}</b>', _("overdue since %(day)s") % day)
    return format_html(" · {}", _("due %(day)s") % day)


@register.filter
def clock(at):
    """The time of a moment, by the farm's clock; with the day, where it is not today's."""
    at = timezone.localtime(at)
    is_today = at.date() == timezone.localdate()
    return date_format(at, "TIME_FORMAT" if is_today else "SHORT_DATETIME_FORMAT")


@register.filter
def initials(person):
    """``OB`` of Oskar Brandt."""
    return "".join(word[0] for word in str(person).split()[:2]).upper()


@register.filter
def absolute(value):
    return abs(value)


@register.simple_tag
def first_wrong(form):
    """The first field of a refused form that is wrong: its label, and the id it is found at."""
    for bound in form:
        if bound.errors:
            return {"label": bound.label, "at": bound.id_for_label or f"{bound.auto_id}_0"}
    return None


@register.inclusion_tag("production/floor/_field.html")
def field(bound, unit="", size=""):
    """One field of a form: its label, its input, and beside it what is wrong with it."""
    kind = getattr(bound.field.widget, "input_type", "")
    unit = unit or getattr(bound.field, "unit", "")
    return {"field": bound, "unit": unit, "size": size, "is_box": kind == "checkbox"}


@register.simple_tag
def accepted_files():
    """What a field for sliced files offers; phones know most of them as nothing better than bytes
    or text."""
    return ",".join((*SUFFIXES, "application/octet-stream", "text/plain"))
