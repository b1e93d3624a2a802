"""The rates by which a run is costed: of its printer, else of the farm."""

from tenants.accounts.models import FarmSettings


def freeze(run):
    """Keep on the run the rates of now; not saved."""
    settings = FarmSettings.load()
    printer_rate = run.printer.hour_rate if run.printer else None
    run.hour_rate = settings.machine_hour_rate if printer_rate is None else printer_rate
    run.power_watts = run.printer.power_watts if run.printer else None
    run.energy_price_kwh = settings.energy_price_kwh
    run.labour_rate = settings.labour_rate
