"""The filters of the list of sliced files."""

from tenants.api import filters


class SlicedFileFilter(filters.FilterSet):
    filename = filters.TextFilter(lookup_expr="iexact")
    sha256 = filters.TextFilter(lookup_expr="iexact")
    created_from = filters.FromFilter("created_at")
    created_to = filters.ToFilter("created_at")
