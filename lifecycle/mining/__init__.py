"""Exports for process miners: histories as XES and OCEL 2.0, rules as PNML and BPMN 2.0.

Pure writers with the standard library only. They bear opaque ids, codes and times, never a name,
a title of a school, or anything that a person wrote. See docs/decisions/0010.
"""

from lifecycle.mining.bpmn import write_bpmn
from lifecycle.mining.cases import Case, Choosing, Tally, activity_of, choose
from lifecycle.mining.ocel_json import write_ocel_json
from lifecycle.mining.ocel_sqlite import write_ocel_sqlite
from lifecycle.mining.pnml import write_pnml
from lifecycle.mining.xes import write_xes

__all__ = [
    "Case",
    "Choosing",
    "Tally",
    "activity_of",
    "choose",
    "write_bpmn",
    "write_ocel_json",
    "write_ocel_sqlite",
    "write_pnml",
    "write_xes",
]
