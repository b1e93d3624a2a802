"""URLconf of the floor, below /floor/."""

from django.urls import path

from production.services.transitions import BUTTONS
from production.views import (
    best_fit,
    people,
    queue_order,
    receive,
    runs,
    scan,
    sliced_files,
    spools,
    stocktakes,
    tags,
    timeline,
    today,
)

urlpatterns = [
    path("", today.TodayView.as_view(), name="floor-today"),
    path("screen/", today.ScreenView.as_view(), name="floor-screen"),
    path("timeline/", timeline.TimelineView.as_view(), name="floor-timeline"),
    path("queue/", today.QueueView.as_view(), name="floor-queue"),
    path("queue/order/", queue_order.QueueOrderView.as_view(), name="floor-queue-order"),
    path("sliced-files/", sliced_files.SlicedFilesView.as_view(), name="floor-sliced-files"),
    path("best-fit/", best_fit.BestFitView.as_view(), name="floor-best-fit"),
    path(
        "sliced-files/<int:pk>/",
        sliced_files.SlicedFileView.as_view(),
        name="floor-sliced-file",
    ),
    path("who/", people.WhoView.as_view(), name="floor-who"),
    path("leave/", people.LeaveView.as_view(), name="floor-leave"),
    path("device/", people.DeviceView.as_view(), name="floor-device"),
    path("pin/", people.PinView.as_view(), name="floor-pin"),
    path("find/", scan.FindView.as_view(), name="floor-find"),
    path("scan/", scan.ScanView.as_view(), name="floor-scan"),
    path("tags/", tags.UnboundTagsView.as_view(), name="floor-tags"),
    path("receive/", receive.ChooseView.as_view(), name="floor-receive"),
    path("receive/<int:pk>/", receive.ReceiveView.as_view(), name="floor-receive-filament"),
    path("received/", receive.ReceivedView.as_view(), name="floor-received"),
    path("printers/<int:pk>/", today.PrinterView.as_view(), name="floor-printer"),
    path("printers/<int:pk>/clear/", today.ClearView.as_view(), name="floor-clear"),
    path("slots/<int:pk>/load/", today.SlotLoadView.as_view(), name="floor-slot-load"),
    path("slots/<int:pk>/unload/", today.SlotUnloadView.as_view(), name="floor-slot-unload"),
    path("runs/<int:pk>/", runs.RunView.as_view(), name="floor-run"),
    path("runs/<int:pk>/start/", runs.StartView.as_view(), name="floor-start"),
    path("runs/<int:pk>/complete/", runs.CompleteView.as_view(), name="floor-complete"),
    path(
        "runs/<int:pk>/complete-as-planned/",
        runs.CompleteAsPlannedView.as_view(),
        name="floor-complete-as-planned",
    ),
    path("runs/<int:pk>/note/", runs.NoteView.as_view(), name="floor-note"),
    path("runs/<int:pk>/plate/", runs.PlateView.as_view(), name="floor-plate"),
    path("runs/<int:pk>/fail/", runs.FailView.as_view(), name="floor-fail"),
    path("runs/<int:pk>/photo/", runs.PhotoView.as_view(), name="floor-photo"),
    path(
        "runs/<int:pk>/change-printer/",
        runs.ChangePrinterView.as_view(),
        name="floor-change-printer",
    ),
    path("runs/<int:pk>/cancel/", runs.CancelView.as_view(), name="floor-cancel"),
    path("runs/<int:pk>/swap/<int:line>/", runs.SwapView.as_view(), name="floor-swap"),
    path("runs/<int:pk>/take-over/", runs.TakeOverView.as_view(), name="floor-take-over"),
    *[
        path(
            f"runs/<int:pk>/{row.path}/",
            runs.RunButtonView.as_view(verb=row.name),
            name=f"floor-{row.path}",
        )
        for row in BUTTONS
    ],
    path("runs/<int:pk>/undo/", runs.UndoView.as_view(), name="floor-undo-run"),
    path("spools/<int:pk>/", spools.SpoolView.as_view(), name="floor-spool"),
    path("spools/<int:pk>/weigh/", spools.WeighView.as_view(), name="floor-weigh"),
    *[
        path(
            f"spools/<int:pk>/undo-{kind}/",
            spools.SpoolUndoView.as_view(kind=kind),
            name=f"floor-undo-{kind}",
        )
        for kind in spools.UNDONE
    ],
    path("spools/<int:pk>/hold/", spools.HoldView.as_view(), name="floor-hold"),
    path("spools/<int:pk>/load/", spools.LoadView.as_view(), name="floor-load"),
    path("stocktakes/", stocktakes.StocktakesView.as_view(), name="floor-stocktakes"),
    path("stocktakes/<int:pk>/", stocktakes.StocktakeView.as_view(), name="floor-stocktake"),
    path(
        "stocktakes/<int:pk>/scan/",
        stocktakes.StocktakeScanView.as_view(),
        name="floor-stocktake-scan",
    ),
    path(
        "stocktakes/<int:pk>/spools/<int:spool>/",
        stocktakes.StocktakeRecordView.as_view(),
        name="floor-stocktake-record",
    ),
    path(
        "stocktakes/<int:pk>/note-unknown/",
        stocktakes.StocktakeUnknownView.as_view(),
        name="floor-stocktake-unknown",
    ),
    path(
        "stocktakes/<int:pk>/mark-rest-missing/",
        stocktakes.StocktakeRestView.as_view(),
        name="floor-stocktake-rest",
    ),
    path(
        "stocktakes/<int:pk>/take-back/<int:line>/",
        stocktakes.StocktakeTakeBackView.as_view(),
        name="floor-stocktake-take-back",
    ),
    path(
        "stocktakes/<int:pk>/review/",
        stocktakes.StocktakeReviewView.as_view(),
        name="floor-stocktake-review",
    ),
]
