"""The OpenAPI 3 schema of the API, by drf-spectacular."""

import re

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_basic_type
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from config.api.examples import example_for
from tenants.api import OPEN
from tenants.api.access import scope_needed
from tenants.api.csv_format import CSV, XLSX
from tenants.api.file_bodies import RAW, FilesParser
from tenants.api.filters import IdFilter
from tenants.api.views import ID, ListViewSet
from tenants.operations.parsing import EXACT
from tenants.web.file_forms import MAX_FILES
from tenants.web.files import MULTIPART
from tenants.web.incoming_files import FIELD

HEADER = OpenApiParameter.HEADER
SUMMARIES = {
    "list": "List {many}",
    "retrieve": "Read one {one}",
    "create": "Add one {one}",
    "update": "Change one {one}, given as a whole",
    "partial_update": "Change some of one {one}",
    "destroy": "Remove one {one}",
}
FIRST_WORDS = re.compile(r"(?s).+?(?=[:;.]\s|\.?$)")  # of a docstring
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": r"^[\x21-\x7e]{1,255}$"},
    HEADER,
    description="The same request with the same key has its effect once, within 24 hours.",
)
KEY_NEEDED = OpenApiParameter(
    IDEMPOTENCY_KEY.name,
    IDEMPOTENCY_KEY.type,
    HEADER,
    required=True,
    description="As everywhere; only a dry run does without.",
)
IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, HEADER, description="The ETag that was read; 412 when stale."
)

PREFER = OpenApiParameter(
    "Prefer",
    {"type": "string", "example": "respond-async"},
    HEADER,
    description="Answer with a job; of a list, if it is to be CSV.",
)
LOCATION = OpenApiParameter(
    "Location", OpenApiTypes.URI, HEADER, description="The address of the new row.", response=[201]
)
FILES = {
    "type": "object",
    "required": [FIELD],
    "properties": {
        FIELD: {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "minItems": 1,
            "maxItems": MAX_FILES,
        }
    },
}
JOB_BEGUN = {
    "description": "A job was begun, at the address in Location.",
    "headers": {"Location": {"schema": {"type": "string", "format": "uri"}}},
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}},
}
RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "tenants.api.access.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema):
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": (
                "`Token spb_...`, from POST /api/v1/tokens/. `x-token-scope` is the narrowest "
                "scope that an operation takes; `all` includes `floor`, and that `read`. What the "
                "role of its person does not include, no scope does."
            ),
        }


class NameSchema(OpenApiSerializerFieldExtension):
    """A name; null in answers, where the row or its name may be missing."""

    target_class = "tenants.api.fields.NameField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema, direction):
        schema, field = build_basic_type(OpenApiTypes.STR), self.target
        if direction == "response" and not field.allow_null and self._may_be_missing(field):
            schema["nullable"] = True
        return schema

    def _may_be_missing(self, field):
        return field.queryset.model._meta.get_field(field.attribute).null


class QuantitySchema(OpenApiSerializerFieldExtension):
    """A decimal: always a string in answers; a string or a number in a body."""

    target_class = "tenants.api.fields.QuantityField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema, direction):
        if direction == "response":
            return {"type": "string", "format": "decimal"}
        text = {"type": "string", "pattern": rf"^\s*{EXACT.pattern}\s*$"}
        return {"anyOf": [text, {"type": "number"}]}


class OperationSchema(AutoSchema):
    """Describes bodies by the action, answers by the row; headers by the method."""

    def get_summary(self):
        action = getattr(self.view, "action", "")
        if self.view.title:
            return self.view.title
        says_more = getattr(getattr(self.view, action, None), "__doc__", None)
        if action in SUMMARIES and not says_more:
            meta = self.view.queryset.model._meta
            return SUMMARIES[action].format(one=meta.verbose_name, many=meta.verbose_name_plural)
        return FIRST_WORDS.match(self.get_description().strip()).group()

    def get_operation_id(self):
        """The path and, where the path does not end in a verb, what is done there."""
        name = super().get_operation_id()
        if getattr(self.view, "action", "") in SUMMARIES or self.method == "DELETE":
            return name
        return name.removesuffix(f"_{self.method_mapping[self.method.lower()]}")

    def _resolve_path_parameters(self, variables):
        """Ids are whole numbers; spectacular takes their pattern for a string."""
        parameters = super()._resolve_path_parameters(variables)
        for parameter in parameters:
            if parameter["schema"].get("pattern") == f"^{ID}$":
                parameter["schema"] = {"type": "integer", "format": "int64", "minimum": 0}
        return parameters

    def get_auth(self):
        schemes = super().get_auth()
        is_open = getattr(self.view, "permission_needed", lambda: None)() == OPEN
        return [*schemes, {}] if is_open else schemes

    def get_extensions(self):
        needed = getattr(self.view, "permission_needed", lambda: None)()
        return {"x-token-scope": scope_needed(needed)} if needed not in (OPEN, None) else {}

    def get_override_parameters(self):
        query = self.view.queries.get(self.view.action)
        parameters = [query] if query else []
        fields = self._answer_fields()
        if "version" in fields:
            parameters += [self._etag()] if self.method != "DELETE" else []
            parameters += [IF_MATCH] if self.method not in ("GET", "POST") else []
        if self.method == "POST":
            key = KEY_NEEDED if self.view.needs_key else IDEMPOTENCY_KEY
            parameters += [key, *([LOCATION] if "id" in fields else [])]
        parameters += [PREFER] if self._is_async() else []
        return parameters

    def _is_async(self):
        return self.view.is_async or isinstance(self.view, ListViewSet) and self.view.offers_job

    def _etag(self):
        """Of an existing row; a dry run that would create one answers without."""
        statuses = [201] if isinstance(self._answer(), dict) else [200, 201]
        text = "The version, for If-Match."
        return OpenApiParameter("ETag", str, HEADER, description=text, response=statuses)

    def _answer_fields(self):
        """The names of the answer's fields; none for a list."""
        answer = self._answer()
        if isinstance(answer, dict):
            answer = answer.get(201)
        if self.view.action == "list" or not hasattr(answer, "Meta"):
            return set()
        return set((answer() if isinstance(answer, type) else answer).fields)

    def _get_filter_parameters(self):
        """With the filters' labels, which spectacular leaves out where a type is given."""
        parameters = super()._get_filter_parameters()
        filters = getattr(getattr(self.view, "filterset_class", None), "base_filters", {})
        for parameter in parameters:
            used = filters.get(parameter["name"])
            if label := getattr(used, "label", None):
                parameter.setdefault("description", label)
            if isinstance(used, IdFilter) and "type" in parameter["schema"]:
                parameter["schema"]["minimum"] = used.extra["min_value"]
        return parameters

    def get_request_serializer(self):
        if self.map_parsers() == [CSV, XLSX]:
            return {CSV: OpenApiTypes.STR, XLSX: OpenApiTypes.BINARY}
        if self.map_parsers() == [FilesParser.media_type]:
            return {RAW: OpenApiTypes.BINARY, MULTIPART: FILES}
        if of_files := getattr(self.view, "request_body", None):
            return of_files
        row = [self.view.queryset.model()] if self.method == "PUT" else []
        body = self.view.get_serializer(*row)
        return body if body.fields else None

    def get_examples(self):
        body = example_for(self.view)
        if body is None:
            return []
        media_type = self.map_parsers()[0]
        body = body[0] if isinstance(body, list) else body  # spectacular makes it a list again
        return [OpenApiExample("Example", body, request_only=True, media_type=media_type)]

    def get_response_serializers(self):
        if self.method == "DELETE":
            return self.view.answers.get(self.view.action)
        return self._answer()

    def _answer(self):
        answer = self.view.answers.get(self.view.action, self.view.serializer_class)
        return answer if isinstance(answer, dict) else answer()


# --- Problems ----------------------------------------------------------------------------------

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "correlation_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, and meant for programs."},
        "detail": {"type": "string"},
        "correlation_id": {"type": "string"},
        "errors": {
            "type": "object",
            "description": "By field, 20 at most; a line of a list as items.0.quantity.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "more_errors": {"type": "integer", "description": "How many more fields are wrong."},
    },
    "additionalProperties": {},
}
REFERENCE = {"$ref": "#/components/schemas/Problem"}
ANSWERS = {  # the name of a response in the description, and its text
    "400": (
        "BadRequest",
        "The request has a shape that is not understood; `errors` names the fields.",
    ),
    "401": ("NotSignedIn", "Nobody is signed in, or not with a valid token."),
    "403": ("NotPermitted", "The role does not include this, or not any more at this time."),
    "404": ("NotFound", "There is none of this farm."),
    "406": ("NotAcceptable", "There is no such `format`, or none of those in `Accept`."),
    "409": ("Refused", "State, stock or uniqueness do not allow it; `code` names the reason."),
    "412": ("Stale", "It was changed since the version of `If-Match`."),
    "411": ("LengthMissing", "The body came in chunks; send its Content-Length."),
    "413": ("TooLarge", "The body is larger than `limit_bytes`."),
    "415": ("UnknownMediaType", "The body is of another type than `accepted`."),
    "422": ("KeyReused", "The Idempotency-Key was used for another request."),
    "429": ("TooMany", "Too many requests, or tries at a password; see `Retry-After`."),
    "503": (
        "Busy",
        "Others hold the same rows, or the database is away; try again, see `Retry-After`. With "
        "the code `outcome_unknown` look first: it may be done.",
    ),
    "default": ("Problem", "A problem (RFC 9457)."),
}
READS = ("400", "401", "403", "404", "406", "429", "503", "default")
WRITES = (*READS, "409", "411", "413", "415")
OF_METHOD = {
    "get": READS,
    "post": (*WRITES, "422"),
    "put": (*WRITES, "412"),
    "patch": (*WRITES, "412"),
    "delete": (*READS, "409", "412"),
}


def with_problems(result, generator, request, public):
    """Add to every operation the problems that it may answer with."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": REFERENCE}}
    components["responses"] = {
        name: {"description": text, "content": content} for name, text in ANSWERS.values()
    }
    components["responses"]["JobBegun"] = JOB_BEGUN
    for name in ("TooMany", "Busy", "Refused"):  # of those, where asking again helps
        components["responses"][name]["headers"] = RETRY_AFTER
    for operations in result["paths"].values():
        for method in OF_METHOD.keys() & operations.keys():
            _describe_csv(operations[method])
            _describe_job(operations[method])
            for code in sorted(OF_METHOD[method]):
                reference = {"$ref": f"#/components/responses/{ANSWERS[code][0]}"}
                operations[method]["responses"][code] = reference
    return result


def with_strict_bodies(result, generator, request, public):
    """Say of the bodies of POST that they have no other fields. One of PUT or PATCH may also have
    those that can't be written, with their values of now."""
    schemas = result["components"]["schemas"]
    of_methods = {"post": set(), "put": set(), "patch": set()}
    for operations in result["paths"].values():
        for method in of_methods.keys() & operations.keys():
            _add_schemas(operations[method].get("requestBody"), schemas, of_methods[method])
    for name in of_methods["post"] - of_methods["put"] - of_methods["patch"]:
        if "properties" in schemas[name]:
            schemas[name].setdefault("additionalProperties", False)
    return result


def _add_schemas(part, schemas, names):
    """Add to ``names`` the schemas that a part of the description refers to, in any depth."""
    if isinstance(part, list):
        for each in part:
            _add_schemas(each, schemas, names)
    elif isinstance(part, dict):
        name = str(part.get("$ref", "")).removeprefix("#/components/schemas/")
        if name in schemas and name not in names:
            names.add(name)
            _add_schemas(schemas[name], schemas, names)
        _add_schemas(list(part.values()), schemas, names)


def _describe_job(operation):
    if any(each["name"] == PREFER.name for each in operation.get("parameters", [])):
        operation["responses"]["202"] = {"$ref": "#/components/responses/JobBegun"}


def _describe_csv(operation):
    """CSV is text; spectacular describes it as JSON."""
    for answer in operation["responses"].values():
        if CSV in answer.get("content", {}):
            answer["content"][CSV] = {"schema": {"type": "string"}}
