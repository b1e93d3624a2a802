"""Pagination of the API's lists."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response

from tenants.web.pagination import DeferredPaginator

MAX_DIGITS = 9


class Pages(PageNumberPagination):
    """``page`` from 1 and ``page_size`` up to 200; anything else is 400, a page after the last 404.

    An empty list has 0 pages; its page 1 is no 404 all the same.
    """

    django_paginator_class = DeferredPaginator
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    last_page_strings = ()
    invalid_page_message = gettext_lazy(
        "There is no page {page_number}: total_pages is the number of pages."
    )

    def get_page_number(self, request, paginator):
        return _number(request, "page", 1)

    def get_page_size(self, request):
        size = _number(request, "page_size", self.page_size)
        if size > self.max_page_size:
            message = _("At most %(most)s.") % {"most": self.max_page_size}
            raise ValidationError({"page_size": [message]})
        return size

    def paginate_read(self, read, request):
        """The rows of a page that ``read(start, end)`` returns, with the number of all rows."""
        size, number = self.get_page_size(request), self.get_page_number(request, None)
        rows, count = read((number - 1) * size, number * size)
        self.paginate_queryset(range(count), request)
        return rows

    def get_paginated_response(self, data):
        pages = self.page.paginator
        return Response(
            {
                "total_count": pages.count,
                "page": self.page.number,
                "page_size": pages.per_page,
                "total_pages": pages.num_pages if pages.count else 0,
                "next": self.get_next_link(),
                "previous": self.get_previous_link(),
                "results": data,
            }
        )

    def get_schema_operation_parameters(self, view):
        page, size = super().get_schema_operation_parameters(view)
        page["schema"] |= {"minimum": 1, "default": 1}
        size["schema"] |= {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return [page, size]

    def get_paginated_response_schema(self, schema):
        link = {"type": "string", "format": "uri", "nullable": True}
        counts = ("total_count", "page", "page_size", "total_pages")
        properties = dict.fromkeys(counts, {"type": "integer"})
        properties |= {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}


def _number(request, name, default):
    given = request.query_params.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) <= MAX_DIGITS and int(given)):
        raise ValidationError({name: [_("Must be a whole number from 1 up.")]})
    return int(given)
