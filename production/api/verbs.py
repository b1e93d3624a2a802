"""The verbs of a run as POST actions, one for each row with an address."""

from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from production.models import ProductionRun
from production.serializers import outcomes
from production.services.runs import repeats
from production.services.transitions import ROWS
from tenants.api.finding import or_404, reference

OUTCOMES = ("complete", "fail", "correct", "reassign")  # answer with what was booked
FOLLOWED = ("update", "partial_update", "refresh_plan", "unstart", "revert")  # tell what followed
NEW_RUNS = ("reprint", "copy")  # answer with the new run
PERMISSIONS = {row.action: row.codename for row in ROWS if row.path}


class RunVerbs:
    """For the viewset of runs: what answers otherwise than with the run is spelled out."""

    @action(detail=False, methods=["post"])
    def record(self, request):
        """Record a run that is over already: created, started and completed in one."""
        values = self.get_validated_data()
        done = self.call(repeats.record, **values)
        if values.get("dry_run"):
            return Response(outcomes.dry_run_outcome(done))
        return self.closed_run_response(done, status=status.HTTP_201_CREATED)

    def outcome(self, service):
        """Call the service with the body; answer with the run and what was booked."""
        run = reference(ProductionRun, self.kwargs["pk"])
        values = self.get_validated_data(run)
        with or_404(run, ProductionRun.DoesNotExist):
            done = self.call(service, run, **values)
        if values.get("dry_run"):
            return self.row_response(run, **outcomes.outcome(done, is_dry_run=True))
        return self.closed_run_response(done)

    def closed_run_response(self, done, **more):
        """The run of a Completion from what is at hand: others wait for its spools meanwhile."""
        done.run.loaded_items, done.run.loaded_materials = done.items, done.lines
        return self.represented(done.run, **more, **outcomes.outcome(done))

    def new_run(self, service):
        """Call the service with the body; answer with the run that it made."""
        run = self.call(service, self.get_object(), **self.get_validated_data())
        return self.row_response(run, status=status.HTTP_201_CREATED)


def _action(row, answer):
    def handler(self, request, pk):
        return getattr(self, answer)(row.call)

    handler.__name__, handler.__doc__ = row.action, row.summary
    return action(detail=True, methods=["post"], url_path=row.path)(handler)


_ANSWERS = dict.fromkeys(OUTCOMES, "outcome") | dict.fromkeys(NEW_RUNS, "new_run")
for _row in ROWS:
    if _row.path:
        setattr(RunVerbs, _row.action, _action(_row, _ANSWERS.get(_row.name, "verb")))
