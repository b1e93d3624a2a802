"""The tags of a spool, for readers of them."""

from rest_framework import status
from rest_framework.response import Response

from inventory.models import Spool, SpoolTag
from inventory.serializers.spools import SpoolTagSerializer
from inventory.serializers.verbs import TagBody
from inventory.services.spools import tags
from tenants.api.views import Nested, ReadViewSet


class SpoolTagViewSet(Nested, ReadViewSet):
    """The tags on one spool, by which readers know it."""

    help_topic = "api#scan"
    queryset = SpoolTag.objects.order_by("pk")
    serializer_class = SpoolTagSerializer
    bodies = {"create": TagBody}
    answers = {"create": {201: SpoolTagSerializer}}
    permissions = {
        **dict.fromkeys(["list", "retrieve"], "inventory.view_spool"),
        **dict.fromkeys(["create", "destroy"], "inventory.relabel_spool"),
    }
    parents, parent = Spool.objects.present(), "spool"
    search_fields = ["uid"]
    ordering_fields = ["id", "bound_at"]

    def with_related(self, rows):
        return rows.select_related("spool")

    def create(self, request, spool_id):
        """Put a tag on the spool; one that it has already is answered as it is."""
        tag = self.call(tags.bind, self.get_parent(), **self.get_validated_data())
        return self.row_response(tag, status=status.HTTP_201_CREATED)

    def destroy(self, request, spool_id, pk):
        """Take a tag off the spool."""
        tag = self.get_object()
        self.call(tags.unbind, tag.spool, uid=tag.uid)
        return Response(status=status.HTTP_204_NO_CONTENT)
