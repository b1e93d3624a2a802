"""Which piece of the documentation a page's "?" leads to.

A view names it as ``help_topic``, "page" or "page#heading". Without that it is the section of the
admin's or the API's page that is called as the rows of the view's model are.
"""

from django.urls import reverse

from tenants.help.pages import page, slug

OTHERWISE = "admin"
LIST = ""  # of the pages themselves
API = "api#api-recipes"


def topic_of(match):
    """Of a ResolverMatch, or None: "page", "page#heading" or LIST."""
    view = match.func if match else None
    for declaring in (view, getattr(view, "view_class", None), getattr(view, "cls", None)):
        if (topic := getattr(declaring, "help_topic", None)) is not None:
            return topic
    if model_admin := getattr(view, "model_admin", None):
        return _of_rows("admin", model_admin.opts, model_admin.admin_site.help_topic)
    if hasattr(view, "admin_site"):
        return view.admin_site.help_topic
    if viewset := getattr(view, "cls", None):
        queryset = getattr(viewset, "queryset", None)
        return API if queryset is None else _of_rows("api", queryset.model._meta, API)
    return OTHERWISE


def address_of(topic):
    if topic == LIST:
        return reverse("help")
    name, _, heading = topic.partition("#")
    return reverse("help-page", args=[name]) + (f"#{heading}" if heading else "")


def _of_rows(name, options, otherwise):
    heading = slug(options.verbose_name_plural)
    return f"{name}#{heading}" if heading in page(name).anchors else otherwise
