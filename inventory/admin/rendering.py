"""Spools, colours and figures as text, HTML and SVG; without style attributes, for the CSP."""

from datetime import datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from inventory.glyphs import spool_glyph
from tenants.operations.text import format_number, half_up

NOTHING = "–"


def with_glyph(subject):
    """The glyph of a spool or a filament, and the filament's name beside it: colour is never the
    only signal."""
    filament = getattr(subject, "filament", subject)
    color = f" · {filament.color_name}" if filament.color_name else ""
    return format_html(
        '<span class="named">{} <span>{} <span class="quiet">{}{}</span></span></span>',
        spool_glyph(subject, size="s"),
        filament,
        filament.material_type,
        color,
    )


def stock_bar(spool):
    """What is available, reserved and gone of a spool, as parts of what it once held. Gone is what
    is no longer on it: used, thrown away, or counted away."""
    whole = max(spool.initial_grams, spool.live_grams)
    claimed = min(spool.reserved_grams, spool.live_grams)
    free = spool.live_grams - claimed
    figures = {
        "remaining": format_number(spool.live_grams),
        "reserved": format_number(spool.reserved_grams),
        "gone": format_number(max(spool.initial_grams - spool.live_grams, 0)),
    }
    title = _("%(remaining)s g remaining, %(reserved)s g reserved, %(gone)s g gone") % figures
    if spool.is_held:
        title = _("%(title)s; held") % {"title": title}
    return format_html(
        '<svg class="stock" viewBox="0 0 100 10" preserveAspectRatio="none" role="img">'
        '<title>{}</title><rect class="used" width="100" height="10"/>'
        '<rect class="{}" width="{}" height="10"/>'
        '<rect class="claimed" x="{}" width="{}" height="10"/></svg>',
        title,
        "used" if spool.is_held else "free",
        _share(free, whole),
        _share(free, whole),
        _share(claimed, whole),
    )


def spool_link(spool):
    if spool is None:
        return NOTHING
    url = reverse("admin:inventory_spool_change", args=[spool.pk])
    return format_html('<a href="{}"><code>{}</code></a>', url, spool.code)


def grams(value, *, empty=NOTHING):
    """``1250.5`` without the unit; grams of at most two decimals."""
    return empty if value is None else format_number(value)


def signed(value):
    """Grams with their sign; 0 has none after it is rounded."""
    if value is None:
        return NOTHING
    value = half_up(value, 2)
    return f"{'+' if value > 0 else ''}{grams(value)}"


def moment(at):
    """``21 Nov, 14:05`` by the farm's clock; with the year where it is another one."""
    if at is None:
        return NOTHING
    local = localtime(at)
    is_of_this_year = local.year == localtime().year
    return date_format(local, "j M, H:i" if is_of_this_year else "j M Y, H:i")


def changed(event):
    """``[before, after]`` of a spool event; moments by the farm's clock."""
    texts = [event.before, event.after]
    if event.verb in (event.Verb.OPENED, event.Verb.DRIED):
        return [_moment_in(text) for text in texts]
    return [text or NOTHING for text in texts]


def _moment_in(text):
    """As `moment`; what is none, as in a farm restored from a file, is shown as it is."""
    try:
        return moment(datetime.fromisoformat(text))
    except (ValueError, OverflowError):  # without an offset, too; or beyond what a clock shows
        return text or NOTHING


def _share(part, whole):
    return f"{part * 100 / whole:.2f}" if whole else "0"


def sees_removed(request, name, value):
    """Whether the page is that of one row, or a list of what was removed: it has this parameter."""
    if of_one_row(request):
        return True
    match = request.resolver_match
    is_list = match is not None and (match.url_name or "").endswith(("_changelist", "_csv"))
    return is_list and request.GET.get(name) == value


def of_one_row(request):
    """Whether the page is that of one row, which may be removed, and no list."""
    match = request.resolver_match
    return match is not None and not match.kwargs.keys().isdisjoint({"object_id", "pk"})
