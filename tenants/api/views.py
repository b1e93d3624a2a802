"""Base classes of the API's views.

A viewset finds a row (``get_object``), calls one verb with the body (``get_validated_data``,
``call``), and answers with the row as it is then (``row_response``). It names its queryset, its
serializers and the permission of each action that is not its name.
"""

from functools import partial

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response
from rest_framework.utils.serializer_helpers import ReturnDict
from rest_framework.viewsets import GenericViewSet

from tenants.accounts import audited
from tenants.api import FULL_SCOPE, NO_PERMISSION, SIGNED_IN, async_answers, csv_format, finding
from tenants.api.documents import DocumentRenderer, PDFRenderer
from tenants.api.fast_representation import loaded, represent
from tenants.api.filters import SeveralFilter
from tenants.api.if_match import expected_versions
from tenants.api.json_rows import is_annotated, is_expressible, lists_all, read_page, read_row
from tenants.api.list_tags import tagged, unchanged
from tenants.operations import side_effects
from tenants.operations.operation import in_transaction, source, whole_transaction
from tenants.operations.versions import check_version, expecting
from tenants.web.bodies import receive_body
from tenants.web.idempotency import answer_once

ID = "[0-9]{1,18}"
CRUD_VERBS = {
    "list": "view",
    "retrieve": "view",
    "metadata": "view",
    "create": "add",
    "update": "change",
    "partial_update": "change",
    "destroy": "delete",
}


class BaseViewSet(GenericViewSet):
    """Parameters, permissions, versions and idempotency of one request.

    ``bodies`` maps an action to the serializer of its body (default: ``serializer_class``),
    ``permissions`` an action to a permission or a verb of the model (default: the action's name),
    ``answers`` an action to a serializer, or serializers by status, of an answer of another kind,
    ``queries`` an action to the serializer of its query string. The actions in ``documents``
    answer with PDF, whatever else is accepted. ``title`` is for what is no list of a model, and so
    is ``observed_as``, the operation that its reads are observed as (see ``tenants.web.reads``).
    """

    lookup_value_regex = ID
    filterset_class = None
    bodies = {}
    answers = {}
    queries = {}
    documents = ()
    permissions = {}
    stores_answers = True
    person = None  # who acts, if a password in the body tells, and no sign-in
    needs_key = False  # whether a POST needs an Idempotency-Key, unless it is a dry run
    is_async = False  # whether an action other than a list takes Prefer: respond-async
    max_values = None  # of a body, where it is not config.api.parsers.MAX_VALUES
    title = observed_as = ""
    receives_body = True  # once the caller is known: see RefusingMiddleware

    def dispatch(self, request, *args, **kwargs):
        token = source.set("api")
        try:
            return super().dispatch(request, *args, **kwargs)
        finally:
            source.reset(token)

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        receive_body(request)
        self._check_parameters(request)
        if self.action is not None and request.method not in SAFE_METHODS:
            name = request.method.lower()
            setattr(self, name, self._in_transaction(getattr(self, name)))  # dispatch looks it up

    def get_renderers(self):
        more = [PDFRenderer()] if getattr(self, "action", None) in self.documents else []
        return [*super().get_renderers(), *more]

    def finalize_response(self, request, response, *args, **kwargs):
        is_document = isinstance(getattr(request, "accepted_renderer", None), DocumentRenderer)
        if is_document and isinstance(response, Response):
            answer_in_json(self, request)
        version = _version_of(getattr(response, "data", None))
        if version is not None and not getattr(response, "exception", False):
            response["ETag"] = f'"{version}"'
        # A cache on the way can't tell users apart; an answer with a secret is not to be stored.
        policy = "private, no-cache" if self.stores_answers else "no-store"
        response.headers.setdefault("Cache-Control", policy)
        return super().finalize_response(request, response, *args, **kwargs)

    def permission_needed(self):
        """``app.verb_model`` for the action; an address without this method needs a sign-in, so
        that it is answered with 405."""
        action = self.effective_action
        if action is None:
            return SIGNED_IN
        verb = self.permissions.get(action) or CRUD_VERBS.get(action, action)
        return verb if verb in NO_PERMISSION or "." in verb else self.permission_of(verb)

    def permission_of(self, verb):
        meta = self.queryset.model._meta
        return f"{meta.app_label}.{verb}_{meta.model_name}"

    def get_serializer_class(self):
        return self.bodies.get(self.effective_action, self.serializer_class)

    @property
    def effective_action(self):
        """The action; while OPTIONS describes each method, that of the method."""
        is_described = self.action == "metadata" and self.request.method != "OPTIONS"
        return self.action_map.get(self.request.method.lower()) if is_described else self.action

    def get_view_name(self):
        """ "Spools", "Spool 12", "Spool 12: weigh"; the class's name where there is no list."""
        if self.detail is None or self.title:
            return self.title or super().get_view_name()
        meta = self.queryset.model._meta
        title = capfirst(meta.verbose_name_plural)
        if self.detail:
            pk = getattr(self, "kwargs", {}).get("pk", "")  # none in breadcrumbs
            title = f"{capfirst(meta.verbose_name)} {pk}".strip()
        return f"{title}: {self.name.lower()}" if self.name else title

    # -- the row -------------------------------------------------------------------------------

    def get_object(self):
        """The row that the address names, of this farm, or 404."""
        if self.has_fixed_rows:
            return finding.row_of_view(type(self), self.kwargs["pk"])
        return finding.find(self.get_queryset(), self.kwargs["pk"])

    @property
    def has_fixed_rows(self):
        """Whether the rows are those of ``queryset``, whoever asks for them."""
        return type(self).get_queryset is GenericViewSet.get_queryset

    @property
    def is_read_as_json(self):
        """Whether the database writes what is answered of rows: see ``tenants.api.json_rows``."""
        has_query = self.action in self.queries and self.request.query_params.keys() - {"format"}
        is_json = self.request.accepted_renderer.format == "json"
        return is_json and not has_query and is_expressible(type(self))

    def with_related(self, rows):
        """``rows`` with all that an answer represents, in a constant number of queries."""
        return loaded(self.serializer_class, rows)

    # -- the verb ------------------------------------------------------------------------------

    def get_validated_data(self, row=None, *, partial=False):
        """The values of a valid body, as the serializer of the action reads it."""
        expected = expected_versions(self.request)
        if expected is not None and hasattr(row, "version"):  # before the body, stale as well
            with expecting(expected):
                check_version(row)
        try:
            serializer = self.get_serializer(row, data=self.request.data, partial=partial)
            serializer.is_valid(raise_exception=True)
        except Exception:
            if finding.is_reference(row):
                self.get_object()  # that there is none is said first
            raise
        return serializer.validated_data

    def get_query_values(self):
        serializer = self.queries[self.action](
            data=self.request.query_params.dict(), context=self.get_serializer_context()
        )
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def call(self, verb, /, *args, **values):
        """Call a verb for the caller, in one transaction with the check of ``If-Match``. What else
        it changed is in ``self.changed``."""

        def work():
            with (
                expecting(expected_versions(self.request)),
                side_effects.collected() as self.changed,
            ):
                return verb(*args, by=self.request.user, **values)

        if hasattr(verb, "operation_type"):
            with whole_transaction():
                return work()
        return in_transaction(work)

    def verb(self, verb):
        """Find the row, call the verb with the body, answer with the row as it is then."""
        row = self.get_object()
        self.call(verb, row, **self.get_validated_data(row))
        return self.row_response(row)

    # -- the answer ----------------------------------------------------------------------------

    def row_response(self, row, *, status=status.HTTP_200_OK, **more):
        """The row as it is now, with more members."""
        if self.is_read_as_json:
            return self._answer({**self.row_as_json(row.pk).loaded(), **more}, row, status)
        fresh = self.with_related(self.get_queryset()).get(pk=row.pk)
        return self.represented(fresh, status=status, **more)

    def represented(self, row, *, status=status.HTTP_200_OK, **more):
        """The row as it is at hand, with more members."""
        if self.is_read_as_json:
            return self._answer({**represent(self.serializer_class, row), **more}, row, status)
        serializer = self.serializer_class(row, context=self.get_serializer_context())
        data = ReturnDict({**serializer.data, **more}, serializer=serializer)
        return self._answer(data, row, status)

    def made_response(self, name, made):
        """Rows that were made together, in the order of their ids."""
        rows = self.queryset.model.objects.filter(pk__in=[row.pk for row in made]).order_by("pk")
        if self.is_read_as_json:
            found, _count = read_page(self, rows, 0, len(made))
        else:
            found = self.serializer_class(self.with_related(rows), many=True).data
        return Response({name: found}, status=status.HTTP_201_CREATED)

    def row_as_json(self, pk):
        """What is answered of the row with this id, as JSONText, or 404."""
        found = read_row(self, None if self.has_fixed_rows else self.get_queryset(), pk)
        if found is None:
            raise finding.not_found(self.queryset.model, pk)
        return found

    def _answer(self, data, row, status):
        headers = {"Location": self._address_of(row)} if status == 201 else None
        return Response(data, status=status, headers=headers)

    def _address_of(self, row):
        return self.reverse_action("detail", kwargs={**self.kwargs, "pk": row.pk})

    def list_response(self, rows):
        """A page of the rows; as CSV all of them, unless the request names a page."""
        if csv_format.is_requested(self.request):
            if self.request.query_params.keys() & {"page", "page_size"}:
                rows = self.paginate_queryset(rows)  # refused now where there is none
            if self.offers_job and async_answers.is_wanted(self.request):
                answer_in_json(self, self.request)
                return async_answers.begin_export(self, rows)
            return csv_format.stream_list(self, rows)
        page = self.paginate_queryset(rows)
        return tagged(self, self.get_serializer(page, many=True).data)

    # -- the rules -----------------------------------------------------------------------------

    def _check_parameters(self, request):
        if self.action is None or not request.query_params:
            return  # without an action, 405 comes first
        known, errors = self.known_parameters(), {}
        for name, values in request.query_params.lists():
            if name not in known:
                errors[name[:60]] = [_("There is no such parameter.")]
            elif len(values) > 1 and not isinstance(known[name], SeveralFilter):
                errors[name] = [_("This takes one value.")]
        if errors:
            raise ValidationError(errors)

    def known_parameters(self):
        """``{name: filter}``, None for what is no filter."""
        names, filters = {"format"}, {}
        if self.action in self.queries:
            names |= set(self.queries[self.action]().fields)
        if self.action == "list":
            names |= {"page", "page_size", "count"}
            names |= {"ordering", "search"} if hasattr(self, "ordering_fields") else set()
            filters = self.filterset_class.base_filters if self.filterset_class else {}
        return dict.fromkeys(names) | filters

    def _in_transaction(self, handler):
        """The handler, in one transaction with its answer: when it is committed, nothing that can
        fail is left to do. With an Idempotency-Key the answer is stored, and given again for it."""

        def answer(request, *args, **kwargs):
            def work():
                response = handler(request, *args, **kwargs)
                return self.finalize_response(request, response, *args, **kwargs).render()

            key = request.headers.get("Idempotency-Key")
            if key is None or request.method != "POST":
                return in_transaction(work)
            answer_in_json(self, request)
            return answer_once(request, key, work, user=self.person, store=self.stores_answers)

        return answer


def answer_in_json(view, request):
    """A stored answer is JSON: a page holds a CSRF token."""
    json = next(each for each in view.get_renderers() if each.format == "json")
    request.accepted_renderer, request.accepted_media_type = json, json.media_type


def _version_of(data):
    return data.get("version") if isinstance(data, dict) else getattr(data, "version", None)


class ListViewSet(BaseViewSet):
    """List, as JSON or as CSV. ``listed`` are the rows of the list, where ``queryset`` has more:
    those that were removed. ``changes_at``, a QuerySet, has when the clock changes a row next."""

    listed = changes_at = None

    def get_renderers(self):
        more = [csv_format.CSVRenderer()] if self.action in ("list", None) else []
        return [*super().get_renderers(), *more]

    def handle_exception(self, exc):
        if csv_format.is_requested(self.request):
            answer_in_json(self, self.request)
        return super().handle_exception(exc)

    @property
    def offers_job(self):
        """Whether a job may answer the list: any token of its person sees one without permission,
        so not for what takes the scope all."""
        return self.action == "list" and self.permission_needed() != FULL_SCOPE

    def get_listed(self):
        return self.get_queryset() if self.listed is None else self.listed.all()

    def list(self, request, *args, **kwargs):
        if not self.is_read_as_json:
            return self.list_response(self.filter_queryset(self.with_related(self.get_listed())))
        rows = None if lists_all(self) else self.filter_queryset(self.get_listed())
        if rows is not None and is_annotated(self, rows):
            return self.list_response(self.with_related(rows))
        read = partial(read_page, self, rows)
        return unchanged(self, rows) or tagged(self, self.paginator.paginate_read(read, request))


class ReadViewSet(ListViewSet):
    """List and retrieve."""

    def retrieve(self, request, *args, **kwargs):
        if self.is_read_as_json:
            return Response(self.row_as_json(kwargs["pk"]))
        return self.row_response(self.get_object())


class RecordViewSet(ReadViewSet):
    """Master data: every change is in the farm's audit trail. ``records`` has the services."""

    records = audited

    def create(self, request, *args, **kwargs):
        row = self.call(self.records.create, self.queryset.model, **self.new_values())
        return self.row_response(row, status=status.HTTP_201_CREATED)

    def update(self, request, *args, partial=False, **kwargs):
        row = self.get_object()
        return self.row_response(
            self.call(self.records.update, row, **self.get_validated_data(row, partial=partial))
        )

    def partial_update(self, request, *args, **kwargs):
        return self.update(request, *args, partial=True, **kwargs)

    def destroy(self, request, *args, **kwargs):
        self.call(self.records.delete, self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def new_values(self):
        return self.get_validated_data()


class Nested:
    """For rows of one parent: ``parents`` finds it, ``parent`` is the field that refers to it."""

    parents, parent = None, ""

    def get_parent(self):
        return finding.find(self.parents.all(), self.kwargs[f"{self.parent}_id"])

    def get_queryset(self):
        return super().get_queryset().filter(**{self.parent: self.kwargs[f"{self.parent}_id"]})

    def list(self, request, *args, **kwargs):
        self.get_parent()
        return super().list(request, *args, **kwargs)

    def get_object(self):
        self.get_parent()
        return super().get_object()

    def retrieve(self, request, *args, **kwargs):
        self.get_parent()
        return super().retrieve(request, *args, **kwargs)
