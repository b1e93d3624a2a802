"""The API's own description: OpenAPI 3."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from tenants.api import OPEN

HEADER = OpenApiParameter.HEADER


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "tenants.accounts.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema):
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token spb_...`, from POST /api/v1/tokens/",
        }


class HouseSchema(AutoSchema):
    """Describes bodies by the action, answers by the row; headers by the method."""

    def get_auth(self):
        schemes = super().get_auth()
        is_open = getattr(self.view, "permission_needed", lambda: None)() == OPEN
        return [*schemes, {}] if is_open else schemes

    def get_override_parameters(self):
        if self.method == "POST":
            return [IDEMPOTENCY_KEY]
        is_versioned = "version" in getattr(self._answer_fields(), "fields", {})
        return [IF_MATCH] if is_versioned and self.method != "GET" else []

    def get_request_serializer(self):
        body = self.view.get_serializer()
        return None if not body.fields else body

    def get_response_serializers(self):
        if self.method == "DELETE":
            return None
        return self._answer_fields()

    def _answer_fields(self):
        return self.view.answers.get(self.view.action, self.view.serializer_class)()


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    HEADER,
    description="The same request with the same key has its effect once, within 24 hours.",
)
IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, HEADER, description="The ETag that was read; 412 when stale."
)

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
            "description": "By field; a line of a list as items.0.quantity.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
    "additionalProperties": {},
}


def with_problems(result, generator, request, public):
    """Every operation may answer with a problem."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answer = {"description": "A problem (RFC 9457)", "content": content}
    for path in result["paths"].values():
        for name, operation in path.items():
            if name in ("get", "post", "put", "patch", "delete"):
                operation["responses"]["default"] = answer
    return result
