"""Tables on the way out as workbooks: numbers and dates are such, and no text is a formula."""

from datetime import date, datetime
from decimal import Decimal
from tempfile import TemporaryFile

from django.http import FileResponse
from django.utils import timezone
from django.utils.text import slugify
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from tenants.operations import progress
from tenants.web.csv_export import XLSX

MAX_ROWS = 1_048_575  # of a sheet, besides the names of its columns
MAX_TITLE = 31
DAY, MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"


def stream_xlsx(title, header, rows):
    """A table as the answer to a request, saved as the title and the farm's day; ``rows`` are
    iterables of values, as `csv_export.rows_as_csv` has them. Moments are of the farm's clock."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(title)[:MAX_TITLE])
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, name) for name in header])
    for row in progress.counting(rows):
        sheet.append([_cell(sheet, value) for value in row])
    file = TemporaryFile()  # noqa: SIM115 - closed with the answer
    book.save(file)
    file.seek(0)
    name = f"{slugify(title)}-{timezone.localdate()}.xlsx"
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)


def _cell(sheet, value):
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return _dated(sheet, value.replace(tzinfo=None, microsecond=0), MOMENT)
    if isinstance(value, date):
        return _dated(sheet, value, DAY)
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", str(value)))
    cell.data_type = "s"  # also where it begins as a formula
    return cell


def _dated(sheet, value, number_format):
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = number_format
    return cell
