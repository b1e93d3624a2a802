"""A page for each verb of a row: it asks for what is needed, shows what will be written, does it.

The first press of the button shows what the verb would write, taken back again; the second, about
the same words and the same version of the row, writes it. Several rows take the same way together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse

from tenants.operations.refusals import Refusal
from tenants.site.forms import with_suggestions
from tenants.web.forms import VerbForm

MOST_TOGETHER = 100


@dataclass(frozen=True, kw_only=True)
class Verb:
    """One verb of a row: ``work(row, by=user, **form.words())``.

    ``is_possible(row)`` says whether it has a button, ``asks`` holds the codes of refusals that
    are no news on the first look, ``together`` is the form for many rows at once, ``leads_to``
    the address to go on at (None: the row's).
    """

    name: str
    label: str
    work: Callable
    permission: str
    does: str
    done: str
    form: type[VerbForm] = VerbForm
    together: type[VerbForm] | None = None
    is_possible: Callable = lambda row: True
    leads_to: Callable = lambda row, result: None
    asks: frozenset = frozenset()
    tone: str = ""


class VerbPages:
    """For a ModelAdmin whose rows have ``verbs``.

    ``preview(row, verb, words, by)`` answers what the verb would write, shown by
    ``preview_template``; ``version`` is what changes when the row does.
    """

    verbs = ()
    preview_template = None
    verb_template = "tenants/admin_verb.html"
    together_template = "tenants/admin_together.html"

    def preview(self, row, verb, words, by):
        raise NotImplementedError

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
        """The verbs that are possible now and permitted to the caller, with their addresses."""
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
        form = self._form(verb, request.POST or None, row, request)
        if request.method != "POST":
            return self._first_look(request, verb, row, form)
        seen = preview = None
        if form.is_valid():
            seen = form.digest(*_seen(row))
            if "_do" in request.POST and request.POST.get("_seen") == seen:
                done = self._done(request, verb, row, form)
                if done is not None:
                    return done
            else:
                preview = self._preview(request, verb, row, form)
        return self._page(request, verb, row, form, preview, seen)

    def _form(self, verb, data, row, request):
        form = verb.form(data, subject=row, by=request.user)
        return with_suggestions(form, self.admin_site)

    def _first_look(self, request, verb, row, form):
        """The form as it is, with what it would write if nobody touched it."""
        probe = self._form(verb, form.initial_data(), row, request)
        if not probe.is_valid():
            return self._page(request, verb, row, form, None, None)
        seen = probe.digest(*_seen(row))
        preview = self._preview(request, verb, row, probe)
        if preview is None and probe.refusal.code in verb.asks:
            return self._page(request, verb, row, form, None, None)
        return self._page(request, verb, row, probe, preview, seen)

    def _preview(self, request, verb, row, form):
        try:
            return self.preview(row, verb, form.words(), request.user)
        except Refusal as refusal:
            form.say_why(refusal)
            return None

    def _done(self, request, verb, row, form):
        try:
            result = verb.work(row, by=request.user, **form.words())
        except Refusal as refusal:
            form.say_why(refusal)
            return None
        messages.success(request, verb.done.format(row))
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(verb.leads_to(row, result) or reverse(name, args=[row.pk]))

    def _page(self, request, verb, row, form, preview, seen):
        context = {
            **self._verb_context(request, verb, f"{verb.label}: {row}"),
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
            if verb.together and request.user.has_perm(verb.permission):
                name = f"do_{verb.name}"
                label = f"{verb.together.label or verb.label} …"
                actions[name] = (partial(_together, verb=verb), name, label)
        return actions

    def together_view(self, request, rows, verb):
        """Show what the verb would write of each row, then do it to those it is possible for."""
        rows = list(rows[: MOST_TOGETHER + 1])
        if len(rows) > MOST_TOGETHER:
            messages.error(request, f"At most {MOST_TOGETHER} at once; choose fewer.")
            return None
        was_shown = "_seen" in request.POST
        form = verb.together(request.POST if was_shown else None, by=request.user)
        probe = form if was_shown else verb.together(form.initial_data(), by=request.user)
        seen, plans = "", []
        if probe.is_valid():
            seen = probe.digest(*map(_seen, rows))
            if "_do" in request.POST and request.POST.get("_seen") == seen:
                return self._do_together(request, verb, rows, probe.words())
            plans = [self._plan(request, verb, row, probe.words()) for row in rows]
        return self._together_page(request, verb, rows, form, plans, seen)

    def _together_page(self, request, verb, rows, form, plans, seen):
        context = {
            **self._verb_context(request, verb, f"{form.label or verb.label}: {len(rows)} chosen"),
            "rows": rows,
            "form": form,
            "plans": plans,
            "possible": sum(plan["refusal"] is None for plan in plans),
            "seen": seen,
            "action": request.POST["action"],
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, self.together_template, context)

    def _plan(self, request, verb, row, words):
        try:
            preview = self.preview(row, verb, words, request.user)
        except Refusal as refusal:
            return {"row": row, "preview": None, "refusal": refusal}
        return {"row": row, "preview": preview, "refusal": None}

    def _do_together(self, request, verb, rows, words):
        done = 0
        for row in rows:
            try:
                verb.work(row, by=request.user, **words)
                done += 1
            except Refusal as refusal:
                messages.error(request, f"{row}: {refusal.detail}")
        if done:
            messages.success(request, f"{verb.label}: {done} of {len(rows)} done.")


def _together(model_admin, request, queryset, *, verb):
    return model_admin.together_view(request, queryset, verb)


def _seen(row):
    """What a row was when somebody looked at it."""
    return row.pk, getattr(row, "version", None)
