"""The verbs of a run: what moves it on, and what it takes and makes."""

from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from production import serializers
from production.services import completion
from production.services.printing import midprint, slots
from production.services.runs import lifecycle, repeats


class RunVerbs:
    """For the viewset of runs: POST actions, each one verb of the services."""

    # -- before and while it prints ------------------------------------------------------------

    @action(detail=True, methods=["post"])
    def start(self, request, pk):
        """Start a planned run: plan and rates freeze, the printer is taken."""
        return self.verb(lifecycle.start)

    @action(detail=True, methods=["post"])
    def unstart(self, request, pk):
        """Take a start back while nothing is booked."""
        return self.verb(lifecycle.unstart)

    @action(detail=True, methods=["post"], url_path="swap-spool")
    def swap_spool(self, request, pk):
        """Go on printing from another spool: what the old one gave is kept on its line, and the
        new one is loaded into its slot."""
        return self.verb(slots.swap)

    @action(detail=True, methods=["post"])
    def actuals(self, request, pk):
        """Save actual figures as drafts: nothing is booked before the run is completed."""
        return self.verb(midprint.save_actuals)

    @action(detail=True, methods=["post"])
    def progress(self, request, pk):
        """Say how far the print is, in percent."""
        return self.verb(midprint.progress)

    # -- its outcome ---------------------------------------------------------------------------

    @action(detail=True, methods=["post"])
    def complete(self, request, pk):
        """Complete a run in progress: what it took is booked; ``dry_run`` only shows it."""
        return self._outcome(completion.complete)

    @action(detail=True, methods=["post"])
    def fail(self, request, pk):
        """Give up a run of which nothing usable came: what it took is booked as waste."""
        return self._outcome(completion.fail)

    @action(detail=True, methods=["post"])
    def cancel(self, request, pk):
        """Cancel an open run: what it used already can be booked as waste."""
        return self.verb(lifecycle.cancel)

    # -- afterwards ----------------------------------------------------------------------------

    @action(detail=True, methods=["post"])
    def revert(self, request, pk):
        """Take a closed run back to the status before it: its entries are reversed."""
        return self.verb(completion.revert)

    @action(detail=True, methods=["post"])
    def correct(self, request, pk):
        """Correct what a completed run took and made: entries only where grams changed."""
        return self._outcome(completion.correct)

    @action(detail=True, methods=["post"])
    def reassign(self, request, pk):
        """Move what a material consumed to the spool that it really came from."""
        return self._outcome(completion.reassign)

    @action(detail=True, methods=["post"])
    def reprint(self, request, pk):
        """Plan again what did not come out good: the answer is the new run."""
        again = self.call(repeats.reprint, self.get_object(), **self.get_validated_data())
        return self.row_response(again, status=status.HTTP_201_CREATED)

    @action(detail=True, methods=["post"])
    def copy(self, request, pk):
        """Plan the same run once more, whatever became of it: the answer is the new run."""
        again = self.call(repeats.copy, self.get_object(), **self.get_validated_data())
        return self.row_response(again, status=status.HTTP_201_CREATED)

    @action(detail=False, methods=["post"])
    def record(self, request):
        """Record a run that is over already: created, started and completed in one."""
        values = self.get_validated_data()
        done = self.call(repeats.record, **values)
        if values.get("dry_run"):
            return Response(serializers.rehearsed(done))
        return self.row_response(
            done.run, status=status.HTTP_201_CREATED, **serializers.outcome(done)
        )

    def _outcome(self, verb):
        run = self.get_object()
        values = self.get_validated_data(run)
        done = self.call(verb, run, **values)
        is_dry_run = values.get("dry_run", False)
        return self.row_response(run, **serializers.outcome(done, is_dry_run=is_dry_run))
