"""What the lines of a run are for, and why each need took other grams, or at another price, than
was planned."""

from collections import defaultdict
from decimal import Decimal

from django.utils.functional import cached_property

from production.services.explanation.parts import UNKNOWN, given_up, parts
from production.services.explanation.units import PrintedUnits, unit_grams
from production.services.variance import Figure, priced, summed, total_cost


def needs_of(figures):
    """The needs of a run: its lines by what they ask for.

    One without a plan joins the planned need that it stands in for: the one for its material type
    in any filament, else for its family, or the only one that took nothing though its parts were
    printed.
    """
    lines = defaultdict(list)
    for material in figures.materials:
        lines[material.line.filament_id, material.line.material_type_id].append(material)
    needs = {key: Need(figures, materials) for key, materials in lines.items()}
    loose = {need.kind.pk: need for need in needs.values() if need.planned and not need.filament_id}
    for need in [each for each in needs.values() if not each.planned]:
        if of_type := loose.get(need.kind.pk) or loose.get(need.kind.family_id):
            _join(needs, of_type, need)
    idle = [need for need in needs.values() if need.is_idle]
    extra = [need for need in needs.values() if not need.planned and need.figure.actual]
    if len(idle) == len(extra) == 1 and extra[0].kind.meets(idle[0].kind.pk):
        _join(needs, idle[0], extra[0])
    return list(needs.values())


def _join(needs, need, other):
    need.materials = sorted(need.materials + other.materials, key=lambda each: each.line.pk)
    del needs[other.filament_id, other.material_type_id]


class Need:
    """Lines with one requirement, and what stands in for them."""

    def __init__(self, figures, materials):
        line = materials[0].line
        self.figures, self.materials = figures, materials
        self.filament_id, self.material_type_id = line.filament_id, line.material_type_id
        self.kind = line.filament.material_type if line.filament_id else line.material_type
        self.planned = sum(each.line.planned_total_grams for each in materials)
        self.units = PrintedUnits(figures, *self._weights())

    @property
    def figure(self):
        """Grams, part and purge."""
        return Figure(self.planned, summed(each.total.actual for each in self.materials))

    @property
    def is_idle(self):
        """Whether it took nothing though parts that it is for were printed."""
        return self.planned and not self.figure.actual and self.units.expected(self.planned)

    @property
    def assumed(self):
        """Estimated grams."""
        return sum(each.total.actual or 0 for each in self.materials if each.is_assumed)

    @property
    def is_measured(self):
        return not self.assumed or self.assumed != self.figure.actual

    @cached_property
    def rate(self):
        """Planned cost per gram; None where it is unknown, or nothing was planned."""
        cost = summed(each.cost.planned for each in self.materials)
        return cost / self.planned if self.planned and cost is not None else None

    @cached_property
    def grams(self):
        if self.figures.run.is_open:
            return UNKNOWN
        if self.figures.is_given_up:
            return given_up(self.figure)
        if not self.planned:
            return parts(extra=self.figure.actual)
        output, scrap = self.units.split(self.planned_part)
        flushed = summed(each.purge.actual for each in self.materials)
        return parts(
            output=output,
            scrap=scrap,
            usage=self.taken_part - self.units.expected(self.planned_part),
            purge=flushed - (self.planned - self.planned_part),
        )

    @cached_property
    def cost(self):
        if self.figures.run.is_open:
            return UNKNOWN
        spent = total_cost(take for each in self.materials for take in each.takes)
        if self.figures.is_given_up:
            planned = summed(each.cost.planned for each in self.materials)
            return given_up(Figure(planned, spent))
        if not self.planned:
            return parts(extra=spent)
        cost = {name: priced(grams, self.rate) for name, grams in self.grams.items()}
        substitution, price = self._dearer()
        return cost | {"substitution": substitution, "price": price}

    def of_item(self, item, actual_share):
        """The parts of grams and of cost that fall on an item."""
        share = self.units.share_of(item) if self.planned else None
        share = actual_share if share is None else share
        grams, cost = (
            {name: priced(value, share) for name, value in each.items()}
            for each in (self.grams, self.cost)
        )
        if self.planned:
            output, scrap = self.units.split(self.planned_part, item)
            grams |= {"output": output, "scrap": scrap}
            cost |= {"output": priced(output, self.rate), "scrap": priced(scrap, self.rate)}
        return grams, cost

    @property
    def planned_part(self):
        return sum(each.line.planned_grams for each in self.materials)

    @property
    def taken_part(self):
        return summed(each.part.actual for each in self.materials)

    def _dearer(self):
        """What the grams cost beyond the planned price: of other filaments, and of planned ones."""
        planned = {
            each.line.planned_spool_filament_id or each.line.planned_spool.filament_id
            for each in self.materials
            if each.line.planned_total_grams and each.line.planned_spool
        }
        beyond = {False: [], True: []}
        for each in self.materials:
            for take in each.takes:
                is_unknown = None in (take.rate, self.rate)
                cost = None if is_unknown else take.grams * (take.rate - self.rate)
                filament = each.line.spool_filament_id or each.line.spool.filament_id
                beyond[filament in planned].append(cost)
        return summed(beyond[False]), summed(beyond[True])

    def _weights(self):
        items = self.figures.items
        if all(item.bom is not None for item in items):
            yield {item.pk: self._met_of(item.bom) for item in items}
        yield unit_grams(items)

    def _met_of(self, bom):
        """Grams of one unit that are of this need."""
        return sum(
            Decimal(line["grams_per_unit"])
            for line in bom
            if self.kind.meets(line["material_type"])
            and (
                None in (line["filament"], self.filament_id) or line["filament"] == self.filament_id
            )
        )
