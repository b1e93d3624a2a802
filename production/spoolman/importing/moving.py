"""Imports a Source into the farm: everything in one transaction, or nothing."""

from functools import partial

from django.utils.translation import gettext as _

from inventory.models import Filament, Manufacturer, Spool
from inventory.services.moving import arrivals, catalogue, spools
from inventory.services.moving.arrivals import LEFT, NEW, SAME
from inventory.services.tables.report import lock_imports
from production.spoolman.importing import comparison, registry, rows
from production.spoolman.importing.report import MovingReport
from production.spoolman.importing.rows import TheirRow
from production.spoolman.importing.source import ENTITIES
from tenants.accounts import audited
from tenants.operations.operation import in_dry_run, operation
from tenants.operations.refusals import Refusal

MODELS = {"vendor": Manufacturer, "filament": Filament, "spool": Spool}
NAMED = 10


class WeightsDiffer(Refusal):
    code = "weights_differ"
    title = "What is left of spools would not be the same"


def import_source(source, *, by, dry_run=False, at=None):
    """Bring what a Source has into the farm, with its ids; returns a MovingReport.

    What came with an earlier import is changed only while nobody changed it here. A row that can't
    come is left, with those that refer to it. A dry run is the import, taken back. Raises
    NumbersTaken, NumberTooLarge, WeightsDiffer, Busy.
    """
    work = partial(_import, source, by=by, dry_run=dry_run, at=at)
    return arrivals.as_import(lambda: in_dry_run(work) if dry_run else work())


@operation("spoolman.import")
def _import(source, *, by, dry_run, at):
    lock_imports("spoolman")
    return _Import(source, by, dry_run, at).run()


class _Import:
    def __init__(self, source, by, dry_run, at):
        self.source, self.by, self.dry_run, self.at = source, by, dry_run, at
        self.report = MovingReport(source.place, dry_run)
        self.there = {
            entity: {raw["id"]: TheirRow(entity, raw) for raw in source.rows[entity]}
            for entity in ENTITIES
        }
        self.moved = {entity: {} for entity in ENTITIES}
        self.theirs = {entity: {} for entity in ENTITIES}
        self.same = set()  # the numbers of spools that nothing was done to

    def run(self):
        self._require_numbers()
        for outcome in registry.move_settings(self.source.settings, by=self.by):
            self.report.add("setting", outcome.outcome, outcome.name, outcome.why)
        for entity in ENTITIES:
            self._move_fields(entity)
        self._move("vendor", self._vendor, catalogue.move_manufacturers)
        self.types = rows.MaterialTypes(by=self.by)
        self._move("filament", self._filament, catalogue.move_filaments)
        self.report.material_types = self.types.made
        self._move_locations()
        note = _("From %(place)s") % {"place": self.source.place[:100]}
        move_spools = partial(spools.move_spools, note=note, at=self.at)
        self._move("spool", self._spool, move_spools)
        self._compare()
        self._audit()
        return self.report

    def _require_numbers(self):
        there = {
            MODELS[entity]: [row.arrival({}) for row in found.values() if not row.problem]
            for entity, found in self.there.items()
        }
        arrivals.require_free(there)
        highest = {model: max(row.number for row in each) for model, each in there.items() if each}
        for model, number in highest.items():
            arrivals.require_number_near(model, number)
        if not self.dry_run:
            for model, number in highest.items():
                arrivals.skip_numbers(model, number)

    def _move_fields(self, entity):
        there = self.there[entity].values()
        known = registry.known_fields(entity)
        if self.source.fields is None:
            given = registry.guessed([row.extra for row in there], known)
        else:
            given = self.source.fields[entity]
        for outcome in registry.move_fields(entity, given, by=self.by):
            self.report.add("field", outcome.outcome, outcome.name, outcome.why)
        known = registry.known_fields(entity)
        for row in there:
            if not row.problem and row.extra:
                row.keep_extra(known)

    def _move(self, entity, arrival_of, write):
        """Write what can come of the rows, and tell what became of each."""
        coming = []
        for number, row in self.there[entity].items():
            found = None if row.problem else arrival_of(row)
            if found is None:
                self.report.add(entity, LEFT, str(number), row.problem)
            else:
                coming.append(found)
        write(coming, by=self.by)
        for found in coming:
            self.report.add(entity, found.outcome, str(found.number), found.why)
            if found.is_usable:
                self.moved[entity][found.number] = found.instance
            if found.outcome == SAME and entity == "spool":
                self.same.add(found.number)
            if found.is_as_there:
                row = self.there[entity][found.number]
                self._expect(entity, row)

    def _expect(self, entity, row):
        filament = self.moved["filament"].get(row.given.get("filament_id"))
        self.theirs[entity][row.number] = comparison.of_row(row, filament)
        for name, problem in row.dropped:
            self.report.differently.append((entity, row.number, name, problem, None))

    def _vendor(self, row):
        return row.arrival(rows.columns_of_vendor(row))

    def _filament(self, row):
        number, maker = row.given.get("vendor_id"), None
        if number is not None:
            maker = self.moved["vendor"].get(number)
            if maker is None:
                row.problem = _("Its vendor %(number)s is not there.") % {"number": number}
                return None
        kind = self.types.of(row.given.get("material", ""), row.given["density"])
        if kind is None:
            row.problem = _("Too many materials are new.")
            return None
        return row.arrival(rows.columns_of_filament(row, maker and maker.pk, kind))

    def _spool(self, row):
        number = row.given["filament_id"]
        filament = self.moved["filament"].get(number)
        if filament is None:
            row.problem = _("Its filament %(number)s is not there.") % {"number": number}
            return None
        columns = rows.columns_of_spool(row, filament, self.places)
        if problem := rows.problem_of_weights(row, columns):
            row.problem = problem
            return None
        is_unknown = rows.base_of(row, filament) is None
        return row.arrival(columns, filament=filament, needs_weighing=is_unknown)

    def _move_locations(self):
        names = [rows.location_of(each) for each in registry.location_names(self.source.settings)]
        there = self.there["spool"].values()
        names += [row.given.get("location") for row in there if not row.problem]
        self.places, self.report.locations = catalogue.move_locations(list(filter(None, names)))

    def _compare(self):
        """Compare all that is to be as it is there. What was used since it was looked at, by a
        device, is left. Raises WeightsDiffer."""
        wrong = []
        for entity, theirs in self.theirs.items():
            for number, name, *values in comparison.differences(entity, theirs):
                if name in (comparison.REMAINING, "id"):
                    wrong.append((entity, number, *values))
                else:
                    self.report.differently.append((entity, number, name, *values))
        used = [each for each in wrong if each[1] in self.same and each[0] == "spool"]
        for _entity, number, *_values in used:
            self.report.change("spool", SAME, LEFT, str(number), _("A device has used it here."))
            del self.theirs["spool"][number]
        if wrong := [each for each in wrong if each not in used]:
            raise _weights_differ(wrong)
        grams = [each.get(comparison.REMAINING) or 0 for each in self.theirs["spool"].values()]
        self.report.compared, self.report.grams = len(grams), round(sum(grams), 6)

    def _audit(self):
        """A line for all that is new: one for each would bury what people did."""
        new = {kind: [None, count[NEW]] for kind, count in self.report.counts.items() if count[NEW]}
        if new:
            name = _("Import from %(place)s") % {"place": self.source.place[:100]}
            audited.audit("import", Filament(name=name), by=self.by, changes=new)


def _weights_differ(wrong):
    first = [f"{kind} {number}: {theirs} / {ours}" for kind, number, theirs, ours in wrong]
    message = _("%(count)s rows would differ from those there, so nothing was imported: %(first)s.")
    names = {"count": len(wrong), "first": ", ".join(first[:NAMED])}
    return WeightsDiffer(message % names, count=len(wrong))
