"""The filters of the list of sliced files."""

from tenants.api import filters


class SlicedFileFilter(filters.FilterSet):
    filename = filters.TextFilter(lookup_expr="iexact")
    sha256 = filters.TextFilter(lookup_expr="iexact")
    created_from = filters.FromFilter("created_at")
    created_to = filters.ToFilter("created_at")
    is_planned = filters.BooleanFilter(
        method="filter_planned", label="Whether runs are planned by it, deleted ones apart"
    )

    def filter_planned(self, files, name, value):
        return files.planned() if value else files.not_planned()
