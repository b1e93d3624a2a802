"""The view of the timeline: printers down, hours across, drawn as SVG."""

from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from production.services.reports.timeline import timeline
from production.views.floor import FloorView
from tenants.operations.searching import as_day

MOST_LISTED = 20
FURTHEST = timedelta(days=366)


class TimelineView(FloorView):
    """A week, or a day, from the ``day`` on, by default from today."""

    help_topic = "floor#the-timeline"
    template_name = "production/floor/timeline.html"

    def get(self, request, **kwargs):
        return self.render_page(status=400 if self.wrong_day else 200)

    @cached_property
    def day(self):
        """That of the address; None where it has no such day."""
        today, given = timezone.localdate(), self.request.GET.get("day")
        day = as_day(given) if given else today
        return day if day and abs(day - today) <= FURTHEST else None

    @property
    def wrong_day(self):
        if self.day is not None:
            return ""
        text = _("“%(value)s” is no day such as 2026-03-01 within a year from today.")
        return text % {"value": self.request.GET["day"][:60]}

    def get_context_data(self):
        now, today = timezone.now(), timezone.localdate()
        is_day = self.request.GET.get("span") == "day"
        day, length = self.day or today, 1 if is_day else 7
        since, until = _midnight(day), _midnight(day + timedelta(days=length))
        found, scale = timeline(since, until, at=now), Scale(since, until)
        return {
            "wrong": self.wrong_day,
            "day": day,
            "last": day + timedelta(days=length - 1),
            "today": today,
            "is_day": is_day,
            "before": day - timedelta(days=length),
            "after": day + timedelta(days=length),
            "ticks": _ticks(day, scale, is_day=is_day),
            "now": scale.percent(now) if since <= now < until else None,
            "rows": [
                (lane.printer, [_bar(bar, scale) for bar in lane.bars]) for lane in found.lanes
            ],
            "late": found.late[:MOST_LISTED],
            "waiting": found.waiting[:MOST_LISTED],
            "more_waiting": len(found.waiting[MOST_LISTED:]),
            "is_cut": found.is_cut,
        }


class Scale:
    """Moments as percent of the width."""

    def __init__(self, since, until):
        self.since, self.whole = since, until - since

    def percent(self, at):
        return f"{min(max((at - self.since) / self.whole, 0), 1) * 100:.2f}%"

    def width(self, begin, end):
        percent = float(self.percent(end)[:-1]) - float(self.percent(begin)[:-1])
        return f"{max(percent, 0.3):.2f}%"


def _midnight(day):
    return timezone.make_aware(datetime.combine(day, time()))


def _ticks(day, scale, *, is_day):
    """``(percent, label)`` of each day, or of every third hour of one day."""
    if not is_day:
        days = [day + timedelta(days=each) for each in range(7)]
        return [(scale.percent(_midnight(each)), date_format(each, "D j M")) for each in days]
    hours = [timezone.make_aware(datetime.combine(day, time(hour))) for hour in range(0, 24, 3)]
    return [(scale.percent(hour), date_format(timezone.localtime(hour), "H:i")) for hour in hours]


def _bar(bar, scale):
    makes = ", ".join(f"{each.quantity} {each.product.name}" for each in bar.run.items.all()[:2])
    kind = "running" if bar.run.started_at else "planned"
    marks = ("⚠ " if bar.is_late else "") + ("? " if bar.ends_at is None else "")
    return {
        "x": scale.percent(bar.begins_at),
        "width": scale.width(bar.begins_at, bar.drawn_until),
        "kind": kind + (" late" if bar.is_late else "") + ("" if bar.ends_at else " unknown"),
        "label": marks + (makes or bar.run.number)[:30],
        "title": _sentence(bar, makes),
    }


def _sentence(bar, makes):
    """What the bar says, in words."""
    moment = "D j M, H:i"
    words = [bar.run.number, makes, bar.run.get_status_display().lower()]
    words.append(_("from %(at)s") % {"at": _text(bar.begins_at, moment)})
    if bar.ends_at is None:
        words.append(_("nobody knows how long"))
    else:
        words.append(_("to %(at)s") % {"at": _text(bar.ends_at, moment)})
    if bar.is_late:
        due = date_format(bar.run.due_on, "j M")
        words.append(_("will miss its due date, %(day)s") % {"day": due})
    return capfirst("; ".join(filter(None, words)))


def _text(at, moment):
    return date_format(timezone.localtime(at), moment)
