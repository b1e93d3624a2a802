"""Farms apart: an id of another farm in a body or a parameter is nobody's.

Bodies and parameters are read off the API's views: a new field that takes an id is tried without a
word here.
"""

from django_tenants.utils import tenant_context
from rest_framework.serializers import ListSerializer, Serializer

from inventory.models import InventoryTransaction
from tenants.accounts.models import User
from tenants.api.fields import IdField
from tenants.api.filters import IdFilter, PersonFilter
from tests.config.routes import ROWS
from tests.config.two_farms import ROUTES, THEIRS, send


def views():
    """Each API view with each method of it, made as a request would make it."""
    for route in ROUTES:
        actions = getattr(route.view, "actions", None)
        for method, action in (actions or {}).items():
            if method in ("get", "post", "put", "patch"):
                view = route.view.cls(**route.view.initkwargs)
                view.action, view.format_kwarg, view.request = action, None, None
                yield route, method, view


def id_fields(serializer, wrap=lambda body: body):
    """Each field of a body that takes an id: its queryset's model, and a body that holds it."""
    for name, field in serializer.fields.items():
        if isinstance(field, IdField) and not field.read_only:
            yield name, field.get_queryset().model, lambda pk, name=name: wrap({name: pk})
        if isinstance(field, ListSerializer):
            yield from id_fields(field.child, lambda inner, name=name: wrap({name: [inner]}))
        elif isinstance(field, Serializer):
            yield from id_fields(field, lambda inner, name=name: wrap({name: inner}))


BODIES = [
    (route, method, model, body)
    for route, method, view in views()
    if method != "get"
    for _, model, body in id_fields(view.get_serializer())
]
FILTERS = [
    (route, name, each)
    for route, method, view in views()
    if method == "get" and view.action == "list" and view.filterset_class
    for name, each in view.filterset_class.base_filters.items()
    if isinstance(each, IdFilter)
]


def test_an_id_of_another_farm_in_a_body_is_refused(both, other_farm, api_client, manager):
    assert len(BODIES) > 40
    api_client.force_authenticate(manager)
    with tenant_context(other_farm):
        theirs = {model: model.objects.order_by("pk").last().pk for _, _, model, _ in BODIES}
    wrong = []
    for route, method, model, body in BODIES:
        address, sent = route.address(*both[0][route.path]), body(theirs[model])
        answer = send(api_client, method, address, sent)
        is_refused = answer.status_code == 400 and answer.json().get("errors")
        if not is_refused or THEIRS.encode() in answer.everything:
            wrong.append((route.path, method, sent, answer.status_code, answer.everything[:300]))
    assert wrong == []


OF_NO_ROW = {"after_id", "object_id", "last"}


def model_of(name, each):
    """The model of what a filter takes the id of, by the last word of the path that leads there."""
    if isinstance(each, PersonFilter):
        return User
    word = each.field_name.rpartition("__")[2].removesuffix("_id")
    word = name if word == "pk" else word
    return ROWS[f"{word}s" if f"{word}s" in ROWS else word.replace("_", "")]


def test_an_id_of_another_farm_as_a_filter_finds_nothing(both, other_farm, api_client, manager):
    assert len(FILTERS) > 20
    api_client.force_authenticate(manager)
    wrong = []
    for route, name, each in FILTERS:
        model = InventoryTransaction if name in OF_NO_ROW else model_of(name, each)
        with tenant_context(other_farm):
            pk = model.objects.order_by("pk").last().pk
        answer = send(api_client, "get", f"{route.address(*both[0][route.path])}?{name}={pk}")
        found = answer.status_code == 200 and answer.json().get("total_count")
        if found != 0 or THEIRS.encode() in answer.everything:
            wrong.append((route.path, name, pk, answer.status_code, answer.everything[:300]))
    assert wrong == []
