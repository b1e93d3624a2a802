from django.apps import AppConfig

from tenants.accounts import roles
from tenants.live import announcing


class ProductionConfig(AppConfig):
    """What is made from the filament: products, printers and production runs."""

    name = "production"

    def ready(self):
        # Models are loaded only now.
        from inventory.services import filament_references, run_lines  # noqa: PLC0415
        from production.services import filament_references as references  # noqa: PLC0415
        from production.services import late_reports, pictures, reported_loads, transitions, twins  # noqa: PLC0415
        from production.services.figures import folding  # noqa: PLC0415
        from production.services.printing import active_spool  # noqa: PLC0415
        from production.services.tables import kinds as tables  # noqa: PLC0415
        from production.spoolman.importing import jobs  # noqa: PLC0415
        from tenants.farms import practice  # noqa: PLC0415
        from tenants.jobs import forgetting, kinds, minutely  # noqa: PLC0415

        active_spool.register()
        practice.register(_fill_for_practice)
        filament_references.register(references)
        run_lines.register(twins.lock_line, late_reports.settle_due)
        minutely.register(late_reports.IS_DUE, late_reports.settle_due)
        forgetting.register(pictures.forget_unused)
        minutely.register(reported_loads.IS_DUE, reported_loads.load)
        minutely.register(folding.IS_DUE, folding.fold_due, is_long=True)
        announcing.shapes |= dict.fromkeys(("vendor", "filament"), _erased)
        for role in roles.FARM_ROLES:
            roles.register(role, transitions.codenames(role))
        tables.register()
        kinds.register(jobs.KIND, jobs.work, jobs.LABEL)


def _fill_for_practice(**given):
    from production import demo  # noqa: PLC0415 - of which no other process needs anything

    demo.fill_for_practice(**given)


def _erased(row):
    from production.spoolman import events  # noqa: PLC0415 - and with it all of that API

    return events.erased(row)
