"""Paginators for long lists."""

from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Paginator
from django.db.models import QuerySet

from tenants.operations.compiled import IsOneOf


class DeferredPaginator(Paginator):
    """Finds which rows are on a page before it reads them.

    What is sorted and skipped are ids: what else a list shows of its rows, from other tables and
    by sums, is fetched for those of the page alone, however far from the first it is. It takes
    one statement, as Django's does.
    """

    def _get_page(self, rows, number, paginator):
        if isinstance(rows, QuerySet):
            rows = self.object_list.filter(IsOneOf("pk", ArraySubquery(rows.values("pk"))))
        return super()._get_page(rows, number, paginator)
