"""Sliced files: received, and runs planned by them; the files and the aliases of a product."""

from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from production.filters.sliced_files import SlicedFileFilter
from production.models import Product, ProductAlias, ProductFile, ProductionRun, SlicedFile
from production.serializers.outcomes import BlockerSerializer
from production.serializers.planning import PlannedRuns
from production.serializers.runs import ProductionRunSerializer
from production.serializers.sliced_files import (
    MatchedSlotSerializer,
    PlanFileBody,
    PrinterQuery,
    ProductAliasSerializer,
    ProductFileSerializer,
    ProposedFile,
    ProposedProductSerializer,
    RunOfFileSerializer,
    SlicedFileSerializer,
)
from production.services.sliced_files import fitting, planning, proposing, receiving, spools
from production.slicing.sliced_file import UnreadableFile
from tenants.accounts import audited
from tenants.api.fast_representation import loaded
from tenants.api.file_bodies import TakesFiles
from tenants.api.views import Nested, ReadViewSet
from tenants.operations.refusals import located
from tenants.web import files

MOST_RUNS = 30  # that are shown of a file


class SlicedFileViewSet(TakesFiles, ReadViewSet):
    """Sliced files: what was read of each. The files themselves are not kept."""

    help_topic = "api#sliced-files"
    queryset = SlicedFile.objects.all()
    serializer_class = SlicedFileSerializer
    bodies = {"plan": PlanFileBody}
    answers = {
        "create": {201: ProposedFile, 200: ProposedFile},
        "retrieve": ProposedFile,
        "plan": {201: PlannedRuns},
    }
    permissions = {"plan": "production.add_productionrun"}
    queries = {"retrieve": PrinterQuery}
    filterset_class = SlicedFileFilter
    search_fields = ["filename", "printer_model", "slicer"]
    ordering_fields = ["id", "filename", "created_at"]
    natural_ordering = ("filename",)

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if self.action == "create":
            self.brought = _read(files.of_request(request._request))

    def create(self, request):
        """Read a sliced file: what it takes, what it makes, and what could be loaded.

        The body is the file, named by ``Content-Disposition: attachment; filename="..."``, or a
        form with one or several fields ``file``: several are answered as ``sliced_files``. What
        was received before under the same name is answered as it is there: 200 if all of them were.
        """
        rows = {}
        for index, file in sorted(enumerate(self.brought), key=lambda pair: pair[1].sha256):
            rows[index] = self.call(receiving.receive, file)
        is_new = any(row.is_new for row in rows.values())
        done = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        if len(rows) == 1:
            return self.proposed(rows[0], status=done)
        found = [self.proposed(rows[index]).data for index in sorted(rows)]
        return Response({"sliced_files": found}, status=done)

    def retrieve(self, request, pk):
        """Read it, with what is proposed, and what of it does not fit, on a printer."""
        return self.proposed(self.get_object(), **self.get_query_values())

    def destroy(self, request, pk):
        """Remove what was read of a file that nothing was planned by."""
        self.call(audited.delete, self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, methods=["post"])
    def plan(self, request, pk):
        """Plan the runs of a sliced file: what is left out is as it was proposed."""
        row = self.get_object()
        made = self.call(planning.plan, row, **self.get_validated_data())
        runs = ProductionRun.objects.filter(pk__in=[run.pk for run in made]).order_by("pk")
        found = ProductionRunSerializer(loaded(ProductionRunSerializer, runs), many=True).data
        return Response({"runs": found}, status=status.HTTP_201_CREATED)

    def proposed(self, row, *, printer=None, **how):
        printer = printer or spools.printer_of(row)
        matched, misfits = spools.propose(row, printer=printer), fitting.misfits(row, printer)
        runs = row.runs.live().order_by("-pk")[:MOST_RUNS]
        more = {
            "lines": row.lines,
            "products": ProposedProductSerializer(proposing.propose(row), many=True).data,
            "spools": MatchedSlotSerializer(matched, many=True).data,
            "runs": RunOfFileSerializer(runs, many=True).data,
            "warnings": BlockerSerializer(misfits, many=True).data,
        }
        return self.row_response(row, **more, **how)


def _read(sent):
    """The ReadFiles of IncomingFiles. Raises UnreadableFile, with its place."""
    found, left = [], receiving.MOST_PICTURES
    for index, each in enumerate(sent):
        given = {"filename": each.name, "sha256": each.sha256, "size_bytes": each.size}
        try:
            with located(*(["file", index] if len(sent) > 1 else [])):
                found.append(receiving.read_file(each, **given, most_pictures=left))
        except UnreadableFile as refusal:
            if len(sent) > 1:
                names = {"name": each.name, "why": refusal.detail}
                refusal.detail = _("%(name)s: %(why)s") % names
            raise
        left -= len(found[-1].pictures)
    return found


class _OfProduct(Nested, ReadViewSet):
    """What was learnt of a product."""

    help_topic = "api#sliced-files"
    parents, parent = Product.objects.all(), "product"

    def destroy(self, request, product_id, pk):
        self.call(audited.delete, self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ProductFileViewSet(_OfProduct):
    """The plates of sliced files that make a product, by which its runs are planned."""

    queryset = ProductFile.objects.all()
    serializer_class = ProductFileSerializer
    ordering_fields = ["id", "plate"]
    search_fields = ["sliced_file__filename", "printer_model"]

    def partial_update(self, request, product_id, pk):
        """Say whether runs are planned by this plate from now on."""
        row = self.get_object()
        values = self.get_validated_data(row, partial=True)
        return self.row_response(self.call(audited.update, row, **values))


class ProductAliasViewSet(_OfProduct):
    """What slicers call a product: learnt from what people chose."""

    queryset = ProductAlias.objects.all()
    serializer_class = ProductAliasSerializer
    ordering_fields = ["id", "name"]
    search_fields = ["name"]
