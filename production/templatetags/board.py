"""The cards of the board, filled in (see ``tenants.web.frames``): what each shows, as texts."""

from django import template
from django.template.defaultfilters import floatformat
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.glyphs import spool_glyph
from production.templatetags.floor import clock, due, duration, grams, picture, products
from tenants.web.frames import fill

MOST_PRODUCTS = 3
LONGEST_NAME = 60  # that is seen in whole
TO_CLEAR, TO_COMPLETE, RUNS_DRY = "to_clear", "to_complete", "runs_dry"

register = template.Library()


@register.simple_tag(takes_context=True)
def cards_needing(context, cards):
    """Printers and runs that need somebody."""
    return _cards("needing", cards, _Needing(context))


@register.simple_tag(takes_context=True)
def cards_printing(context, cards):
    """Runs that print."""
    return _cards("printing", cards, _Printing(context))


@register.simple_tag(takes_context=True)
def cards_free(context, cards):
    """Printers that are free."""
    return _cards("free", cards, _Free(context))


def _cards(name, cards, kind):
    path = f"production/floor/_{name}.html"
    found = [fill(path, kind.values(card), **kind.shape(card)) for card in cards]
    return mark_safe("".join(found))  # nosec B308 B703


class _Cards:
    """What cards show that is the same for all of a page."""

    def __init__(self, context):
        self.context, self._addresses, self._permissions = context, {}, {}
        self.locale = context["request"].farm_locale

    def shape(self, card):
        return {}

    def address(self, name, pk):
        """The address of that name of a row."""
        if name not in self._addresses:
            self._addresses[name] = reverse(name, args=[0]).split("0", 1)
        return str(pk).join(self._addresses[name])

    def may(self, verb):
        if verb not in self._permissions:
            user = self.context["user"]
            self._permissions[verb] = user.has_perm(f"production.{verb}")
        return self._permissions[verb]

    def what(self, job, spool):
        """What is printed: its spool, its picture, its products."""
        return {"spool": _glyph(spool, size="l")} | (self._made(job) if job else {})

    def _made(self, job):
        run, items = job.run, job.run.items.all()
        values = {"picture": job.picture and picture(job.picture), "locale": self.locale}
        if len(items) == 1:
            name = items[0].product.name
            return values | {"product": name, "title": name if len(name) > LONGEST_NAME else ""}
        return values | {"product": products(items, MOST_PRODUCTS) if items else run.number}


class _Needing(_Cards):
    def shape(self, card):
        return {"need": card.need}

    def values(self, card):
        is_to_clear = card.need == TO_CLEAR
        values = self.what(card.printed if is_to_clear else card.job, card.spool)
        values |= getattr(self, f"_{card.need}")(card)
        if is_to_clear:
            values["address"] = self.address("floor-printer", card.printer.pk)
        else:
            values["address"] = self.address("floor-run", card.job.run.pk)
        return {"name": card.name or _("No printer"), "button_of": card.name, **values}

    def _runs_dry(self, card):
        short, run = card.shortage, card.job.run
        at = short.at and clock(short.at)
        figures = {"grams": grams(short.grams), "filament": short.line.spool.filament}
        values = {
            "status": _("Runs dry %(at)s") % {"at": at} if at else _("Runs dry"),
            "why": _("%(grams)s short of %(filament)s.") % figures,
        }
        if self._has_buttons("swap_spool_productionrun"):
            values["swap"] = reverse("floor-swap", args=[run.pk, short.line.pk])
        return values

    def _to_clear(self, card):
        if card.job:
            items = card.job.run.items.all()
            why = format_html("{} {}", _("Next:"), products(items, MOST_PRODUCTS))
        else:
            why = _("Nothing is planned.")
        if card.printed:
            printed = _("Printed %(at)s.") % {"at": clock(card.printed.run.finished_at)}
            why = format_html("{} {}", printed, why)
        values = {"status": _("To clear"), "why": why}
        if self._has_buttons("clear_printer"):
            pk = card.printer.pk
            values |= self._form("floor-clear", pk, what=card.name, suffix=pk)
        return values

    def _to_complete(self, card):
        job, run = card.job, card.job.run
        if run.finished_at:
            why = _("printed %(at)s") % {"at": clock(run.finished_at)}
        else:
            why = _("should have ended %(late)s ago") % {"late": duration(job.minutes_left())}
        values = {"status": _("To complete"), "why": ", ".join(filter(None, (_parts(job), why)))}
        if self._has_buttons("complete_productionrun"):
            values["button"] = _complete_label(job)
            given = {"what": run.number, "suffix": run.number}
            values |= self._form("floor-complete-as-planned", run.pk, **given)
        return values

    def _blocked(self, card):
        first, *others = card.job.blockers
        why = first.detail
        if others:
            count = len(others)
            more = ngettext("And %(more)s more.", "And %(more)s more.", count) % {"more": count}
            why = f"{why} {more}"
        values = {"status": _("Blocked"), "why": why}
        if self._has_buttons("start_productionrun"):
            is_of_line = first.numbers.get("material_id")
            values["look"] = _("Choose spools") if is_of_line else _("See what blocks it")
        return values

    def _has_buttons(self, verb):
        return not self.context.get("is_screen") and self.may(verb)

    def _form(self, address, pk, *, what, suffix):
        names = ("csrf_token", "key")
        values = {"action": self.address(address, pk), "what": what, "suffix": suffix}
        return values | {name: str(self.context[name]) for name in names}


class _Printing(_Cards):
    def values(self, card):
        job, run = card.job, card.job.run
        values = self.what(job, card.spool) | {
            "name": card.name or _("No printer"),
            "address": self.address("floor-run", run.pk),
            "is_held": "held" if job.is_held() else "",
            "parts": _parts(job),
            "others": _glyphs(card.other_slots()),
        }
        if metered := job.metered_grams():
            values["so_far"] = _("%(grams)s so far") % {"grams": grams(metered)}
        return values | self._time(job)

    @staticmethod
    def _time(job):
        percent, left = job.percent(), job.minutes_left()
        values = {"percent": "" if percent is None else floatformat(percent, "0u")}
        if left is None:
            since = _("since %(at)s") % {"at": clock(job.run.started_at)}
            return values | {"left": since}
        values["left"] = _("%(left)s left") % {"left": duration(left)}
        values["until"] = _("until %(at)s") % {"at": clock(job.ends_at)}
        return values


class _Free(_Cards):
    def values(self, card):
        values = {
            "name": card.name,
            "address": self.address("floor-printer", card.printer.pk),
            "spools": _glyphs(card.slots()),
        }
        if card.job:
            run = card.job.run
            values["run"] = self.address("floor-run", run.pk)
            values["next"] = products(run.items.all(), MOST_PRODUCTS) + due(card.job)
        elif card.slots() and not card.spool:
            values["idle"] = _("No spool loaded")
        else:
            values["idle"] = _("Nothing planned")
        return values


def _glyph(spool, **size):
    return spool_glyph(spool, title=getattr(spool, "filament", "") or "", **size)


def _glyphs(slots):
    glyphs = (spool_glyph(each.spool, size="s", title=_loaded(each)) for each in slots)
    return format_html_join("", "{}", ((glyph,) for glyph in glyphs))


def _loaded(slot):
    return slot.spool.filament if slot.spool else _("Empty slot")


def _parts(job):
    count = job.parts()
    text = ngettext("%(parts)s part", "%(parts)s parts", count)
    return text % {"parts": count} if count else ""


def _complete_label(job):
    if not job.has_drafts():
        return _("Complete as planned")
    label = render_to_string("production/floor/_complete_label.html", {"job": job})
    return conditional_escape(label)
