"""Scenarios as Excel workbooks, both ways: `offtake-workbook/1`. The files beside this one do the work; this is the door.

`workbook_tables` reads off the documents which sheets and columns there are, `workbook_write` writes them (`workbook_words` has the words, `workbook_book`
the file), `workbook_read` reads them (`workbook_archive` looks at the file first, `workbook_sheet` reads a sheet, `workbook_places` says where a finding
belongs); `workbook_cells` turns values into cells and back.
"""

from __future__ import annotations

from scenarios.workbook_archive import is_workbook as is_workbook
from scenarios.workbook_read import json_of as json_of
from scenarios.workbook_read import read_workbook as read_workbook
from scenarios.workbook_write import write_template as write_template
from scenarios.workbook_write import write_workbook as write_workbook

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
