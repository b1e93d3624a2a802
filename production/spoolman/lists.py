"""Lists of spools, filaments and manufacturers, with filters, an order and pages."""

from inventory.models import Filament, Manufacturer, Spool
from production.spoolman import (
    answers,
    extra_filters,
    filters,
    parameters,
    shapes,
    sorting,
    streaming,
    values,
)
from production.spoolman.list_queries import Listing

ALLOW_ARCHIVED = {"allow_archived": (values.flag, False)}
OF_SPOOLS = parameters.PAGE | ALLOW_ARCHIVED | filters.IDS_OF_SPOOLS
OF_FILAMENTS = parameters.PAGE | filters.IDS_OF_FILAMENTS | parameters.SIMILARITY

ALL_VENDORS = Listing(Manufacturer.objects.present().order_by().values_list(*shapes.VENDOR))
ALL_FILAMENTS = Listing(Filament.objects.present().order_by().values_list(*shapes.FILAMENT))
ALL_SPOOLS = Listing(Spool.objects.present().order_by().values_list(*shapes.SPOOL))


def vendors(call):
    query = call.query
    page = parameters.read(query, parameters.PAGE)
    conditions = filters.conditions(filters.VENDORS, query)
    conditions += extra_filters.conditions(Manufacturer, extra_filters.OF_VENDORS, query)
    order = sorting.order(sorting.VENDORS, query.get("sort"))
    return _answer(call, ALL_VENDORS, shapes.vendors, conditions, order, page)


def filaments(call):
    query = filters.with_new_names(call.query, filters.OLD_OF_FILAMENTS)
    given = parameters.read(query, OF_FILAMENTS)
    conditions = filters.conditions(filters.FILAMENTS, query | given)
    if color := query.get("color_hex"):
        conditions.append(filters.near_color(color, given["color_similarity_threshold"]))
    conditions += extra_filters.conditions(Filament, extra_filters.OF_FILAMENTS, query)
    order = sorting.order(sorting.FILAMENTS, query.get("sort"))
    return _answer(call, ALL_FILAMENTS, shapes.filaments, conditions, order, given)


def spools(call):
    query = filters.with_new_names(call.query, filters.OLD_OF_SPOOLS)
    given = parameters.read(query, OF_SPOOLS)
    conditions = conditions_on_spools(query | given)
    order = sorting.order(sorting.SPOOLS, query.get("sort"))
    return _answer(call, ALL_SPOOLS, shapes.spools, conditions, order, given)


def conditions_on_spools(query):
    """Of parameters that were read. Raises Failure."""
    conditions = filters.conditions(filters.SPOOLS, query)
    if not query["allow_archived"]:
        conditions.append(filters.ON_SHELF)
    return conditions + extra_filters.conditions(Spool, extra_filters.OF_SPOOLS, query)


def _answer(call, listing, shape, conditions, order, page):
    """JSON of a page, or of everything."""
    limit, offset = page["limit"], page["offset"]
    if limit is None:
        return streaming.of_rows(call.request, listing.chunks(conditions, order), shape)
    rows, total = listing.page(conditions, order, limit=limit, offset=offset)
    headers = {streaming.TOTAL: str(total)}
    return answers.as_json(shape(rows, {}), call.request, headers=headers)
