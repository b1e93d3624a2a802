"""Pages of the documentation, for whoever is signed in."""

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tenants.help import pages, topics


@require_safe
@login_required
def help_index(request):
    return render(request, "tenants/help_index.html", {"pages": map(pages.page, pages.names())})


@require_safe
@login_required
def help_page(request, name):
    try:
        return render(request, "tenants/help.html", {"page": pages.page(name)})
    except KeyError:
        text = _("There is no page “%(name)s” in the documentation: /help/ lists them.")
        raise Http404(text % {"name": name}) from None


help_index.help_topic = help_page.help_topic = topics.LIST
