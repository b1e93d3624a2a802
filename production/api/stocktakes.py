"""Stocktakes: begun, recorded spool by spool, posted at once."""

from django.db.models.functions import Abs
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from inventory.models import Stocktake, StocktakeLine
from inventory.models.stocktaking import BOOK, VALUE
from production.filters import stocktakes as filters
from production.paper import stocktakes as paper
from production.serializers import stocktakes as serializers
from production.services.stocktaking import posting, recording, review, sessions
from tenants.accounts.models import FarmSettings
from tenants.api.documents import PDF, pdf_answer
from tenants.api.fast_representation import represent
from tenants.api.serializers import NoBody
from tenants.api.views import Nested, ReadViewSet

RECORDING = ("record", "note_unknown", "mark_rest_missing", "take_back")
LINE_RELATED = ("stocktake", "spool__filament", "move_to", "counted_by", "entry")


class StocktakeViewSet(ReadViewSet):
    """Counts of the spools of a place or of the farm. POST begins one."""

    help_topic = "stocktakes#beginning"
    queryset = Stocktake.objects.all()
    serializer_class = serializers.StocktakeSerializer
    filterset_class = filters.StocktakeFilter
    bodies = {
        "create": serializers.BeginBody,
        "record": serializers.StocktakeRecordBody,
        "note_unknown": serializers.UnknownBody,
        "mark_rest_missing": serializers.RestBody,
        "take_back": serializers.TakeBackBody,
        "post_counts": serializers.PostBody,
        "cancel": NoBody,
        "undo": NoBody,
    }
    answers = {
        "create": {201: serializers.StocktakeSerializer},
        **dict.fromkeys(["record", "note_unknown"], serializers.StocktakeLineSerializer),
        **dict.fromkeys(
            ["mark_rest_missing", "take_back", "post_counts", "cancel", "undo"],
            serializers.StocktakeSerializer,
        ),
        "review": serializers.StocktakeReviewSerializer,
        "sheet": {(200, PDF): OpenApiTypes.BINARY},
    }
    permissions = {
        "create": "begin",
        **dict.fromkeys(RECORDING, "record"),
        "post_counts": "post",
        "review": "view",
        "sheet": "view",
    }
    documents = ("sheet",)
    search_fields = ["place", "reason"]
    ordering_fields = ["id", "begun_at", "closed_at"]

    def create(self, request):
        """Begin to count a place: its lines are the spools that the book has there now."""
        begun = self.call(sessions.begin, **self.get_validated_data())
        return self.row_response(begun, status=status.HTTP_201_CREATED)

    @action(detail=True, methods=["get"])
    def review(self, request, pk):
        """What was found so far: progress by place, differences in sum, and doubts."""
        found = review.review(self.get_object())
        return Response(serializers.StocktakeReviewSerializer(found).data)

    @action(detail=True, methods=["get"])
    def sheet(self, request, pk):
        """Print the list of its spools, to be signed, as PDF."""
        stocktake = self.get_object()
        printed = {"farm_name": request.tenant.name, "printed_at": timezone.now()}
        content = paper.pdf(stocktake, currency=FarmSettings.load().currency, **printed)
        return pdf_answer(content, f"stocktake-{stocktake.pk}")

    @action(detail=True, methods=["post"])
    def record(self, request, pk):
        """Record what was found of a spool; again, to correct it. Answers with its line."""
        return self._line(recording.record)

    @action(detail=True, methods=["post"], url_path="note-unknown")
    def note_unknown(self, request, pk):
        """Note a code that no spool of the farm has, or that of an archived spool."""
        return self._line(recording.note_unknown)

    @action(detail=True, methods=["post"], url_path="mark-rest-missing")
    def mark_rest_missing(self, request, pk):
        """Record that all spools of which nothing is recorded were not found."""
        return self.verb(recording.mark_rest_missing)

    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request, pk):
        """Take back what was recorded of a line."""
        return self.verb(recording.take_back)

    @action(detail=True, methods=["post"], url_path="post")
    def post_counts(self, request, pk):
        """Post all differences as counts, with one reason: a manager's."""
        return self.verb(posting.post)

    @action(detail=True, methods=["post"])
    def cancel(self, request, pk):
        """Close it without posting anything: a manager's."""
        return self.verb(sessions.cancel)

    @action(detail=True, methods=["post"])
    def undo(self, request, pk):
        """Take back all that posting did; it is open again: a manager's."""
        return self.verb(posting.undo)

    def _line(self, verb):
        line = self.call(verb, self.get_object(), **self.get_validated_data())
        rows = StocktakeLine.objects.select_related(*LINE_RELATED)
        return Response(represent(serializers.StocktakeLineSerializer, rows.get(pk=line.pk)))


class StocktakeLineViewSet(Nested, ReadViewSet):
    """The spools of a stocktake, and the codes that no spool has."""

    help_topic = "stocktakes#recording"
    queryset = StocktakeLine.objects.all()
    serializer_class = serializers.StocktakeLineSerializer
    filterset_class = filters.StocktakeLineFilter
    parents, parent = Stocktake.objects.all(), "stocktake"
    search_fields = ["spool__code", "spool__filament__name", "place", "text"]
    ordering_fields = ["id", "place", "counted_at"]
    ordering_aliases = {"difference_grams": Abs(BOOK), "difference_value": Abs(VALUE)}

    def with_related(self, rows):
        return rows.select_related(*LINE_RELATED)
