"""Plan figures of other rows that changed with a row, in the answer."""

from rest_framework import status
from rest_framework.response import Response

from production.serializers.plan_changes import PlanChanges, PlanChangeSerializer

CHANGES = ("create", "update", "partial_update")
REMOVED = {200: PlanChanges, 204: None}


class ChangesMixin:
    """The actions whose answers have ``changed`` list it; a removal that changed nothing else has
    no content."""

    def row_response(self, row, **more):
        if "changed" in self._answer_names():
            more["changed"] = PlanChangeSerializer(self.changed, many=True).data
        return super().row_response(row, **more)

    def destroy(self, request, *args, **kwargs):
        removed = super().destroy(request, *args, **kwargs)
        if not self.changed or "destroy" not in self.answers:
            return removed
        return Response(PlanChanges({"changed": self.changed}).data, status=status.HTTP_200_OK)

    def _answer_names(self):
        answer = self.answers.get(self.action)
        return getattr(getattr(answer, "Meta", None), "fields", ())
