"""The pages of one gate; they stand in no menu, the page Gates leads to them."""

from typing import Final

from facegate.web.panel import gate, new_gate, sheet, walk

PAGES: Final = (gate.PAGE, new_gate.PAGE, walk.PAGE, sheet.PAGE)
