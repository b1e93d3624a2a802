"""Labels: a page with their layout and a preview, and their PDF; of spools, and of other rows."""

from functools import partial

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from inventory.forms.labels import BlankLabelForm, LabelForm
from inventory.paper import fonts, labels, raster, sheets
from inventory.paper.labels import MAX_SPOOLS
from tenants.accounts.models import FarmSettings
from tenants.api.documents import pdf_answer
from tenants.farms.names import is_local
from tenants.operations.refusals import Refusal

LAYOUT = "label_layout"  # of the session: how labels were printed last
PREVIEW_WIDTH = 900


class LabelPages:
    """``label_form`` chooses the rows, ``label_of(row, farm=)`` makes the Label of one."""

    actions = ["print_labels"]
    label_form = LabelForm
    label_of = staticmethod(labels.of_spool)

    def get_urls(self):
        page = self.admin_site.admin_view(partial(self.labels_page, form=self.label_form))
        name = f"{self.opts.model_name}_labels"
        return [path("labels/", page, name=name), *super().get_urls()]

    @admin.action(description="Print labels …", permissions=["view"])
    def print_labels(self, request, queryset):
        ids = list(queryset.values_list("pk", flat=True)[: MAX_SPOOLS + 1])
        if len(ids) > MAX_SPOOLS:
            message = _("At most %(most)s labels at once; choose fewer.")
            return messages.error(request, message % {"most": MAX_SPOOLS})
        return HttpResponseRedirect(labels_url(ids, self.opts.model_name))

    def labels_page(self, request, form):
        """The page; with ``as=pdf`` or ``as=png`` what is printed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = form(_data(request, form), by=request.user)
        farm = FarmSettings.load().address_for(request)
        document, wanted = _printed(form, farm, self.label_of)
        kind = request.GET.get("as")
        if document is not None and kind == "pdf":
            request.session[LAYOUT] = form.remembered()
            return pdf_answer(document, "labels")
        if document is not None and kind == "png":
            picture = raster.png(document, width=PREVIEW_WIDTH)
            return HttpResponse(picture, content_type="image/png")
        return self._labels_page(request, form, farm, wanted if document else [])

    def _labels_page(self, request, form, farm, wanted):
        lacking = [label for label in wanted if fonts.missing(label.text)]
        layout = {name: form.layout()[name] for name in ("sheet", "contents")} if wanted else None
        size = {field.name for field in form.of_size()}
        context = {
            **self.admin_site.each_context(request),
            "title": "Blank labels" if isinstance(form, BlankLabelForm) else "Labels",
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "farm": farm,
            "is_of_request": not FarmSettings.load().address,
            "is_local": is_local(farm),
            "usual_fields": [
                each
                for each in form.visible_fields()
                if not each.is_hidden and each.name not in size
            ],
            "wanted": wanted,
            "sheet": layout and layout["sheet"],
            "is_readable": not wanted or labels.is_readable(wanted[0], **layout),
            "cut": [each.code for each in wanted if not labels.is_whole(each, **layout)],
            "lacking": lacking,
            "letters": fonts.missing(" ".join(label.text for label in lacking)),
            "picture": f"?{urlencode({**form.data, 'as': 'png'}, doseq=True)}",
        }
        return TemplateResponse(request, "inventory/admin_labels.html", context)


class SpoolLabelPages(LabelPages):
    """Also blank ones, of spools that are still to come."""

    def get_urls(self):
        blanks = self.admin_site.admin_view(partial(self.labels_page, form=BlankLabelForm))
        return [path("labels/blank/", blanks, name="spool_blanks"), *super().get_urls()]


def labels_url(ids, model_name="spool"):
    page = reverse(f"admin:{model_name}_labels")
    return f"{page}?{urlencode({'ids': ','.join(map(str, ids))})}"


def _data(request, form):
    """What was sent, and else what was printed last."""
    data = QueryDict(mutable=True)
    values = form.defaults(request.session.get(LAYOUT, {}))
    if "sheet" in request.GET:  # as the whole form was sent, but for what is of no interest
        values = {name: value for name, value in values.items() if name not in sheets.SIZE}
    sent = dict(request.GET.lists())
    for name, value in (values | sent).items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


def _printed(form, farm, label_of):
    """The PDF and its Labels; None and none where the form has errors."""
    if not form.is_valid():
        return None, []
    wanted = [label_of(row, farm=farm) for row in form.cleaned_data.get("ids", ())]
    wanted += labels.blank(form.cleaned_data.get("count", 0), farm=farm)
    try:
        return labels.pdf(wanted, **form.layout()), wanted
    except Refusal as refusal:
        form.add_refusal(refusal)
        return None, []
