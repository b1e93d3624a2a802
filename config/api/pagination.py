"""Pagination of the API's lists."""

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response

from tenants.api.parameters import (
    BooleanParameter,
)
from tenants.web.pagination import DeferredPaginator, UncountedPage, rows_of_page

MAX_DIGITS = 9


class Pages(PageNumberPagination):
    """``page`` from 1 and ``page_size`` up to 200; anything else is 400, a page after the last 404.

    An empty list has 0 pages; its page 1 is no 404 all the same. With ``count=false`` nobody counts
    the rows: ``total_count`` and ``total_pages`` are null.
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

    def is_counted(self, request):
        try:
            return (
                BooleanParameter(required=False).clean(request.query_params.get("count"))
                is not False
            )
        except DjangoValidationError as error:
            raise ValidationError({"count": error.messages}) from error

    def paginate_queryset(self, queryset, request, view=None):
        if self.is_counted(request):
            return super().paginate_queryset(queryset, request, view)

        def read(start, end, is_counted):
            found = list(self._rows(queryset, start, end + 1))
            return found[: end - start], len(found) > end - start

        return self.paginate_read(read, request)

    def paginate_read(self, read, request):
        """The rows of a page that ``read(start, end, is_counted)`` returns, with the number of all
        rows, or whether there are more where they are not counted."""
        size, number = self.get_page_size(request), self.get_page_number(request, None)
        is_counted = self.is_counted(request)
        rows, rest = read((number - 1) * size, number * size, is_counted=is_counted)
        if is_counted:
            super().paginate_queryset(range(rest), request)
            return rows
        if number > 1 and rows in ([], "[]"):
            raise NotFound(self.invalid_page_message.format(page_number=number))
        self.request, self.page = request, UncountedPage(number, size, has_more=rest)
        return rows

    @staticmethod
    def _rows(rows, start, end):
        return rows_of_page(rows, start, end) if isinstance(rows, QuerySet) else rows[start:end]

    def get_paginated_response(self, data):
        pages = self.page.paginator
        return Response(
            {
                "total_count": pages.count,
                "page": self.page.number,
                "page_size": pages.per_page,
                "total_pages": 0 if pages.count == 0 else pages.num_pages,
                "next": self.get_next_link(),
                "previous": self.get_previous_link(),
                "results": data,
            }
        )

    def get_schema_operation_parameters(self, view):
        page, size = super().get_schema_operation_parameters(view)
        page["schema"] |= {"minimum": 1, "default": 1}
        size["schema"] |= {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        description = _("false leaves out total_count and total_pages, which are null then.")
        count = {"type": "boolean", "default": True}
        more = {"name": "count", "in": "query", "required": False, "schema": count}
        return [page, size, more | {"description": description}]

    def get_paginated_response_schema(self, schema):
        link = {"type": "string", "format": "uri", "nullable": True}
        counts = ("total_count", "page", "page_size", "total_pages")
        properties = {
            name: {"type": "integer"} | ({"nullable": True} if name.startswith("total") else {})
            for name in counts
        }
        properties |= {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}


def _number(request, name, default):
    given = request.query_params.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) <= MAX_DIGITS and int(given)):
        raise ValidationError({name: [_("Must be a whole number from 1 up.")]})
    return int(given)
