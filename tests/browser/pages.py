"""The pages that are looked over, as data: a new page of the floor is added here."""

from django.urls import reverse

from tenants.help import pages as documentation

# name -> (name of its address, what of the sample it is about)
FLOOR = {
    "today": ("floor-today",),
    "screen": ("floor-screen",),
    "queue": ("floor-queue",),
    "order of the queue": ("floor-queue-order",),
    "timeline": ("floor-timeline",),
    "best fit": ("floor-best-fit",),
    "sliced files": ("floor-sliced-files",),
    "sliced file": ("floor-sliced-file", "sliced_file"),
    "find": ("floor-find",),
    "found": ("floor-find",),
    "printer": ("floor-printer", "printer"),
    "printer to clear": ("floor-printer", "uncleared"),
    "slot": ("floor-slot-load", "slot"),
    "unload": ("floor-slot-unload", "idle_slot"),
    "planned run": ("floor-run", "planned"),
    "start": ("floor-start", "planned"),
    "running run": ("floor-run", "running"),
    "closed run": ("floor-run", "closed"),
    "long names": ("floor-run", "long_run"),
    "completing long names": ("floor-complete", "long_run"),
    "printer with a long name": ("floor-printer", "long_named"),
    "complete": ("floor-complete", "running"),
    "fail": ("floor-fail", "running"),
    "cancel": ("floor-cancel", "running"),
    "change the printer": ("floor-change-printer", "running"),
    "start without a printer": ("floor-run", "unassigned"),
    "note": ("floor-note", "running"),
    "plate": ("floor-plate", "running"),
    "swap": ("floor-swap", "running", "line"),
    "spool": ("floor-spool", "spool"),
    "weigh": ("floor-weigh", "bare_spool"),
    "load": ("floor-load", "spool"),
    "hold": ("floor-hold", "spool"),
    "receive": ("floor-receive",),
    "receive a filament": ("floor-receive-filament", "filament"),
    "received": ("floor-received",),
    "tags": ("floor-tags",),
    "stocktakes": ("floor-stocktakes",),
    "stocktake": ("floor-stocktake", "stocktake"),
    "count": ("floor-stocktake-record", "stocktake", "counted_spool"),
    "unknown code": ("floor-stocktake-scan", "stocktake"),
    "review of a stocktake": ("floor-stocktake-review", "stocktake"),
    "pin": ("floor-pin",),
}
QUERIES = {"found": "?code=laut", "unknown code": "?code=LOT+17"}  # what has a long name
STATUSES = {"unknown code": 404}  # of pages that answer otherwise than 200
# What has no page of its own: a button leads there, and from there to another page.
BUTTONS = {"floor-clear", "floor-complete-as-planned", "floor-leave"}
BUTTONS |= {"floor-undo-run", "floor-undo-weighing", "floor-undo-loading"}
BUTTONS |= {"floor-undo-unloading"}
BUTTONS |= {"floor-undo-receipt", "floor-scan", "floor-take-over", "floor-photo"}
BUTTONS |= {"floor-stocktake-unknown", "floor-stocktake-rest", "floor-stocktake-take-back"}
SHARED = {"floor-device", "floor-who"}  # of shared tablets: seen in test_shared_tablet.py

ADMIN = {
    "index": "/admin/",
    "stocktake": "/admin/inventory/stocktake/{stocktake}/change/",
    "stocktake lines": "/admin/inventory/stocktakeline/",
    "runs": "/admin/production/productionrun/",
    "new run": "/admin/production/productionrun/add/",
    "run": "/admin/production/productionrun/{running}/change/",
    "run with long names": "/admin/production/productionrun/{long_run}/change/",
    "planned run": "/admin/production/productionrun/{planned}/change/",
    "start": "/admin/production/productionrun/{planned}/start/",
    "swap": "/admin/production/productionrun/{running}/swap_spool/",
    "fail": "/admin/production/productionrun/{running}/fail/",
    "complete": "/admin/production/productionrun/{running}/complete/",
    "closed run": "/admin/production/productionrun/{closed}/change/",
    "correct": "/admin/production/productionrun/{closed}/correct/",
    "revert": "/admin/production/productionrun/{closed}/revert/",
    "spools": "/admin/inventory/spool/",
    "spool": "/admin/inventory/spool/{spool}/change/",
    "weigh": "/admin/inventory/spool/{spool}/weigh/",
    "receive": "/admin/inventory/spool/receive/",
    "labels": "/admin/inventory/spool/labels/?ids={spool}",
    "moving": "/admin/inventory/spool/moving/",
    "import": "/admin/inventory/filament/import/",
    "filaments": "/admin/inventory/filament/",
    "new filament": "/admin/inventory/filament/add/",
    "catalogues": "/admin/inventory/filament/catalogue/?q=nordfaden",
    "removed spools": "/admin/inventory/spool/?shelf=removed",
    "extra fields": "/admin/inventory/extrafield/",
    "new extra field": "/admin/inventory/extrafield/add/",
    "ledger": "/admin/inventory/inventorytransaction/",
    "products": "/admin/production/product/",
    "product": "/admin/production/product/{product}/change/",
    "sliced files": "/admin/production/slicedfile/",
    "drop sliced files": "/admin/production/slicedfile/add/",
    "sliced file": "/admin/production/slicedfile/{sliced_file}/change/",
    "plan a sliced file": "/admin/production/slicedfile/{sliced_file}/plan/",
    "printers": "/admin/production/printer/",
    "printer": "/admin/production/printer/{long_named}/change/",
    "history": "/admin/production/printer/{long_named}/history/",
    "reports": "/admin/reports/",
    "variance": "/admin/reports/variance/",
    "consumption": "/admin/reports/consumption/",
    "hours of printers": "/admin/reports/printers/",
    "stock": "/admin/reports/stock/",
    "lots": "/admin/reports/lots/",
    "stock in money": "/admin/reports/stock-value/",
    "changes of the stock": "/admin/reports/stock-changes/",
    "jobs": "/admin/jobs/job/",
    "job": "/admin/jobs/job/{job}/change/",
    "users": "/admin/accounts/user/",
    "new token": "/admin/accounts/devicetoken/add/",
    "backups": "/admin/accounts/backup/",
    "own password": "/admin/password_change/",
    "settings": "/admin/accounts/farmsettings/",
    "audit trail": "/admin/accounts/auditevent/",
}

# The rest of a farm's site -> what is there when the page is whole.
OTHERS = {
    "/": "h1",
    "/practice/": "h1",
    "/accounts/login/": "h1",
    "/api/v1/": ".response-info",
    "/api/v1/spools/": ".response-info",
    "/help/": "h1",
    "/api/v1/docs/": ".opblock",
}
HELP = [f"/help/{name}/" for name in documentation.names()]
UNKNOWN = ["/api/v1/nothing/", "/x/"]

SIGN_IN = "/accounts/login/"
# One page of each face, for who is signed in.
FACES = ("/floor/", "/admin/", *(path for path in OTHERS if path != SIGN_IN))


def floor_path(name, sample):
    address, *about = FLOOR[name]
    path = reverse(address, args=[getattr(sample, each).pk for each in about])
    return path + QUERIES.get(name, "")


def admin_path(name, sample):
    named = ("planned", "running", "closed", "spool", "long_named", "long_run", "product", "job")
    named += ("sliced_file", "stocktake")
    return ADMIN[name].format(**{each: getattr(sample, each).pk for each in named})
