"""Admin pages for the verbs of a model: a form, a preview by a dry run, then the verb itself.

The first submit shows what the verb would write; the second writes it if the values and the version
of the row are those of the preview. Actions on several rows work the same way.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from tenants.operations.operation import in_dry_run
from tenants.operations.refusals import Refusal
from tenants.site.forms import with_suggestions
from tenants.site.messages import report_side_effects
from tenants.site.sent_once import done_once
from tenants.web.forms import VerbForm

MAX_BULK_ROWS = 100

logger = logging.getLogger(__name__)


def _removed(row):
    return Refusal(_("%(row)s was removed at this very moment.") % {"row": row})


@dataclass(frozen=True, kw_only=True)
class VerbAction:
    """A verb of a row: calls ``service(row, by=user, **form.service_kwargs())``.

    ``is_possible(row)``: whether the row has a button for it. ``confirm``: codes of refusals that
    are hidden before anything was entered. ``bulk_label`` and ``bulk_form``: the action on
    several rows; "" for none. ``redirect_to(row, result)``: the next URL; None is the row's page.
    ``state_of(row)`` changes with the verb where the row has no version: then what was previewed
    is done once, also where two pages have it.
    """

    name: str
    label: str
    service: Callable
    permission: str
    description: str
    success_message: str
    form: type[VerbForm] = VerbForm
    bulk_label: str = ""
    bulk_form: type[VerbForm] = VerbForm
    is_possible: Callable = lambda row: True
    redirect_to: Callable = lambda row, result: None
    confirm: frozenset = frozenset()
    tone: str = ""
    state_of: Callable | None = None


class _Outdated(Exception):
    """What is to be done is not what was previewed."""


class VerbPages:
    """Adds a page, a button and an action for each of the ``verbs`` to a ModelAdmin.

    ``preview(row, verb, values, by)`` returns what the verb would write, by default the row, for
    ``preview_template``. Success messages name the row by ``row_name``: ``%(row)s``.
    """

    verbs = ()
    row_name = "row"
    preview_template = None
    verb_template = "tenants/admin_verb.html"
    bulk_template = "tenants/admin_bulk_verb.html"

    def heading(self, row):
        """The row in the heading of a verb's page."""
        return row

    def preview(self, row, verb, values, by):
        return in_dry_run(lambda: verb.service(row, by=by, **values))

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj is not None:
            context.setdefault("buttons", self.buttons(request, obj))
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def get_urls(self):
        names = f"{self.opts.app_label}_{self.opts.model_name}_do_"
        pages = [
            path(
                f"<int:pk>/{verb.name}/",
                self.admin_site.admin_view(partial(self.verb_view, verb=verb)),
                name=names + verb.name,
            )
            for verb in self.verbs
        ]
        return pages + super().get_urls()

    def buttons(self, request, row):
        """The verbs that are possible now and permitted to the user, with their URLs."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_do_"
        return [
            {"verb": verb, "url": reverse(name + verb.name, args=[row.pk])}
            for verb in self.verbs
            if request.user.has_perm(verb.permission) and verb.is_possible(row)
        ]

    # -- one row -------------------------------------------------------------------------------

    def verb_view(self, request, pk, verb):
        row = get_object_or_404(self.get_queryset(request), pk=pk)
        if not request.user.has_perm(verb.permission):
            raise PermissionDenied
        try:
            return self._answer(request, row, verb)
        except type(row).DoesNotExist as error:
            raise Http404(_removed(row).detail) from error

    def _answer(self, request, row, verb):
        """Raises DoesNotExist of the row, where it was removed meanwhile."""
        form = self._form(verb, request.POST or None, row, request)
        if request.method != "POST":
            return self._initial_page(request, verb, row, form)
        seen = preview = None
        if form.is_valid():
            seen = form.fingerprint(*_version(row, verb))
            try:
                if "_do" not in request.POST:
                    raise _Outdated
                response = self._execute(request, verb, row, form)
                if response is not None:
                    return response
            except _Outdated:
                preview = self._preview(request, verb, row, form)
        return self._page(request, verb, row, form, preview, seen)

    def _form(self, verb, data, row, request):
        form = verb.form(data, subject=row, by=request.user)
        return with_suggestions(form, self.admin_site)

    def _initial_page(self, request, verb, row, form):
        """The unbound form, with a preview if its initial values are valid."""
        probe = self._form(verb, form.initial_data(), row, request)
        if not probe.is_valid():
            return self._page(request, verb, row, form, None, None)
        seen = probe.fingerprint(*_version(row, verb))
        preview = self._preview(request, verb, row, probe)
        if preview is None and probe.refusal.code in verb.confirm:
            return self._page(request, verb, row, form, None, None)
        return self._page(request, verb, row, probe, preview, seen)

    def _preview(self, request, verb, row, form):
        try:
            return self.preview(row, verb, form.service_kwargs(), request.user)
        except Refusal as refusal:
            form.add_refusal(refusal)
            return None

    def _execute(self, request, verb, row, form):
        """The answer, None where the verb refused. Raises _Outdated."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        seen = request.POST.get("_seen", "")

        def work():
            if seen != form.fingerprint(*_version(row, verb)):
                raise _Outdated
            with report_side_effects(request):
                result = verb.service(row, by=request.user, **form.service_kwargs())
            message = verb.success_message % {self.row_name: row}
            return message, verb.redirect_to(row, result) or reverse(name, args=[row.pk])

        try:
            message, url = done_once(request, seen if verb.state_of else "", work)
        except Refusal as refusal:
            form.add_refusal(refusal)
            return None
        messages.success(request, message)
        return HttpResponseRedirect(url)

    def _page(self, request, verb, row, form, preview, seen):
        context = {
            **self._verb_context(
                request,
                verb,
                _("%(verb)s: %(row)s") % {"verb": verb.label, "row": self.heading(row)},
            ),
            "row": row,
            "form": form,
            "preview": preview,
            "seen": seen if preview is not None else "",
        }
        return TemplateResponse(request, self.verb_template, context)

    def _verb_context(self, request, verb, title):
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "verb": verb,
            "preview_template": self.preview_template,
        }

    # -- several rows --------------------------------------------------------------------------

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        if IS_POPUP_VAR in request.GET:
            return actions
        for verb in self.verbs:
            if verb.bulk_label and request.user.has_perm(verb.permission):
                name = f"do_{verb.name}"
                actions[name] = (partial(_bulk_action, verb=verb), name, f"{verb.bulk_label} …")
        return actions

    def bulk_view(self, request, rows, verb):
        """Preview the verb for each row, then run it for those that allow it."""
        rows = list(rows[: MAX_BULK_ROWS + 1])
        if len(rows) > MAX_BULK_ROWS:
            messages.error(request, _("Select at most %(count)d rows.") % {"count": MAX_BULK_ROWS})
            return None
        is_submitted = "_seen" in request.POST
        form = verb.bulk_form(request.POST if is_submitted else None, by=request.user)
        probe = form if is_submitted else verb.bulk_form(form.initial_data(), by=request.user)
        seen, plans = "", []
        if probe.is_valid():
            seen = probe.fingerprint(*map(_version, rows))
            if "_do" in request.POST and request.POST.get("_seen") == seen:
                return self._run_bulk(request, verb, rows, probe.service_kwargs())
            plans = [self._plan(request, verb, row, probe.service_kwargs()) for row in rows]
        return self._bulk_page(request, verb, rows, form, plans, seen)

    def _bulk_page(self, request, verb, rows, form, plans, seen):
        title = _("%(verb)s: %(count)d selected") % {
            "verb": verb.bulk_label,
            "count": len(rows),
        }
        context = {
            **self._verb_context(request, verb, title),
            "rows": rows,
            "form": form,
            "plans": plans,
            "possible": sum(plan["refusal"] is None for plan in plans),
            "seen": seen,
            "action": request.POST["action"],
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, self.bulk_template, context)

    def _plan(self, request, verb, row, values):
        try:
            preview = self.preview(row, verb, values, request.user)
        except Refusal as refusal:
            return {"row": row, "preview": None, "refusal": refusal}
        except type(row).DoesNotExist:
            return {"row": row, "preview": None, "refusal": _removed(row)}
        return {"row": row, "preview": preview, "refusal": None}

    def _run_bulk(self, request, verb, rows, values):
        done = 0
        for row in rows:
            try:
                verb.service(row, by=request.user, **values)
                done += 1
            except type(row).DoesNotExist:
                messages.error(request, _removed(row).detail)
            except Refusal as refusal:
                messages.error(
                    request, _("%(row)s: %(reason)s") % {"row": row, "reason": refusal.detail}
                )
            except (OperationalError, InterfaceError):
                if not done:
                    raise
                # Those before it are done, and counted in the message.
                logger.exception("A verb on several rows was given up")
                text = _("%(row)s and those after it: the database failed, look at each of them.")
                messages.error(request, text % {"row": row})
                break
        if done:
            counts = {"verb": verb.label, "done": done, "total": len(rows)}
            messages.success(request, _("%(verb)s: %(done)d of %(total)d done.") % counts)


def _bulk_action(model_admin, request, queryset, *, verb):
    return model_admin.bulk_view(request, queryset, verb)


def _version(row, verb=None):
    has_state = verb is not None and verb.state_of is not None
    return row.pk, verb.state_of(row) if has_state else getattr(row, "version", None)
