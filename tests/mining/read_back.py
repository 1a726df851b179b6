"""Read exported files with pm4py and tell what it makes of them.

Run in an environment of its own, as a process of its own: pm4py is under the AGPL, and nothing of
the project imports it. It knows nothing of the project but the files in the folder it is given:
what it says is judged by ``check_miners.py``.

    .venv-mining/bin/python tests/mining/read_back.py FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pm4py
from pm4py.objects.petri_net.utils import petri_utils
from pm4py.util import constants

constants.SHOW_PROGRESS_BAR = False

GAP = ">>"
CASE, ACTIVITY, TIME = "case:concept:name", "concept:name", "time:timestamp"


def petri_net(file: Path) -> tuple[Any, Any, Any]:
    """Return a net with its markings; the labels of a process are the names of transitions."""
    if file.suffix == ".pnml":
        net, initial, final = pm4py.read_pnml(str(file))
    else:
        process = pm4py.read_bpmn(str(file))
        net, initial, final = pm4py.convert_to_petri_net(process)
        for one in net.transitions:
            # Tasks are named in Russian; their ids are move.TRANSITION.STATE.
            one.label = one.name.split(".")[1] if one.name.startswith("move.") else None
    return net, initial, final


def fused(net: Any) -> Any:
    """Fuse places in series (Murata 1989): exact, and without the silent steps between them.

    The conversion makes two places of a gateway, with a silent transition between them. Token
    replay guesses at silent transitions, and guesses wrong where labels repeat; alignments do not.
    """
    for silent in [one for one in net.transitions if one.label is None]:
        ((entry,), (arc,)) = ([one.source for one in silent.in_arcs], silent.out_arcs)
        if len(entry.out_arcs) == 1 and entry.in_arcs:
            for into in list(entry.in_arcs):
                petri_utils.add_arc_from_to(into.source, arc.target, net)
            petri_utils.remove_transition(net, silent)
            petri_utils.remove_place(net, entry)
    return net


def replayed(log: Any, net: tuple[Any, Any, Any]) -> list[dict[str, Any]]:
    """Return for each case what token replay and the alignment say."""
    if log.empty:  # no such case: pm4py makes no log of it
        return []
    cases = pm4py.convert_to_event_log(log)
    replay = pm4py.conformance_diagnostics_token_based_replay(cases, *net)
    aligned = pm4py.conformance_diagnostics_alignments(cases, *net)
    return [
        {
            "case": case.attributes["concept:name"],
            "word": [event[ACTIVITY] for event in case],
            "token_fitness": token["trace_fitness"],
            "missing": token["missing_tokens"],
            "remaining": token["remaining_tokens"],
            "fitness": alignment["fitness"],
            "moves": [
                # What only the log has, or what only the net has and is not silent.
                {"activity": model if log_side == GAP else log_side, "missing": log_side == GAP}
                for log_side, model in alignment["alignment"]
                if log_side != model and not (log_side == GAP and model is None)
            ],
        }
        for case, token, alignment in zip(cases, replay, aligned, strict=True)
    ]


def objects_of(ocel: Any) -> dict[str, Any]:
    """Return what an object-centric log holds, and the histories along the participations."""
    flat = pm4py.ocel_flattening(ocel, "participation")
    words = {
        case: list(events.sort_values(TIME, kind="stable")[ACTIVITY])
        for case, events in flat.groupby(CASE)
    }
    return {
        "events": len(ocel.events),
        "relations": len(ocel.relations),
        "objects": ocel.objects.groupby("ocel:type").size().to_dict(),
        "between_objects": len(ocel.o2o),
        "changes": len(ocel.object_changes),
        "words": words,
    }


def main(folder: Path) -> None:
    """Write ``verdict.json`` into the folder of the exports."""
    verdict: dict[str, Any] = {"pm4py": pm4py.__version__, "roadmaps": {}, "objects": {}}
    for pnml in sorted(folder.glob("*.finished.pnml")):
        roadmap = pnml.name.removesuffix(".finished.pnml")
        found: dict[str, Any] = {"sound": {}, "replayed": {}}
        verdict["roadmaps"][roadmap] = found
        for which in ("finished", "open"):
            for form in ("pnml", "bpmn"):
                net = petri_net(folder / f"{roadmap}.{which}.{form}")
                found["sound"][f"{which}.{form}"] = bool(pm4py.check_soundness(*net)[0])
                net = (fused(net[0]), *net[1:])
                logs = ("finished", "planted") if which == "finished" else ("open", "finished")
                for name in logs:
                    log = pm4py.read_xes(str(folder / f"{roadmap}.{name}.xes"))
                    found["replayed"][f"{name} on {which}.{form}"] = replayed(log, net)
    verdict["objects"] = {
        "json": objects_of(pm4py.read_ocel2_json(str(folder / "all.ocel.json"))),
        "sqlite": objects_of(pm4py.read_ocel2_sqlite(str(folder / "all.ocel.sqlite"))),
    }
    (folder / "verdict.json").write_text(json.dumps(verdict), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
