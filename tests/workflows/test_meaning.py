"""What definition files mean: names, rules, adjustments, windows (LD2xx)."""

from collections.abc import Callable

import pytest

Edits = list[tuple[str, str]]
Told = Callable[..., list[str]]

# What is wrong -> the edits, and every line the checker then says.
PROGRAMMES = {
    "kind declared twice": (
        [("id: receipt", "id: contract")],
        [
            "15:10: LD201: contract stands here twice",
            "79:26: LD212: there is no evidence kind receipt",
        ],
    ),
    "reason declared twice": (
        [
            (
                '{ru: "Поздно", en: "Too late"}}',
                '{ru: "Поздно", en: "Too late"}}, {code: too_late, title: {ru: "П", en: "L"}}',
            )
        ],
        ["26:79: LD201: too_late stands here twice"],
    ),
    "administrator declared": (
        [("id: officer", "id: administrator")],
        [
            "7:18: LD211: there is no role officer",
            "10:10: LD202: administrator is the engine's own role and is not declared",
            "36:15: LD211: there is no role officer",
        ],
    ),
    "auditor declared": (
        [("id: officer", "id: auditor"), ("by: [officer], source", "by: [checker], source")],
        [
            "10:10: LD202: auditor is the engine's own role and is not declared",
            "36:15: LD211: there is no role officer",
        ],
    ),
    "approval without authentication": (
        [("    by: [checker]", "    approval: true\n    by: [checker]")],
        ["84:15: LD273: write_off is an approval, but authentication does not say what is enough"],
    ),
    "approval that asks for less": (
        [
            (
                "enrolment:",
                "authentication: {any: [host, host], approval: [token], source: x}\nenrolment:",
            )
        ],
        [
            "7:30: LD201: host stands here twice",
            "7:48: LD274: token is enough to approve, but not for anything else: host, host",
        ],
    ),
    "fields of what is no record": (
        [("type: records", "type: slugs")],
        [
            "20:13: LD203: what is of type slugs has no fields",
            "78:39: LD234: purchases.item is not a list of codes; these are: purchases.item",
        ],
    ),
    "choice without choices": (
        [("type: slugs, source", "type: choice, source")],
        [
            "22:5: LD203: what is of type choice needs choices",
            "78:38: LD233: within makes no sense for a fact of type choice",
            "79:41: LD234: bought is not a list of codes",
        ],
    ),
    "field without choices": (
        [("{id: item, type: slug}", "{id: item, type: choice}")],
        ["20:14: LD203: what is of type choice needs choices"],
    ),
    "transition named as a state": (
        [("id: report", "id: funded")],
        ["71:9: LD204: funded is the name of a state already"],
    ),
    "unknown initial state": (
        [("initial: applied", "initial: aplied")],
        ["6:10: LD210: there is no state aplied; did you mean applied?"],
    ),
    "unknown state to leave": (
        [("from: [funded]", "from: [fnded]")],
        ["73:12: LD210: there is no state fnded; did you mean funded?"],
    ),
    "unknown state to lead to": (
        [("to: funded", "to: fnded")],
        ["63:9: LD210: there is no state fnded; did you mean funded?"],
    ),
    "unknown role of enrolment": (
        [("by: [officer], source", "by: [oficer, administrator], source")],
        ["7:18: LD211: there is no role oficer; did you mean officer?"],
    ),
    "unknown role of a transition": (
        [("by: [checker]", "by: [administrator]")],
        ["84:10: LD211: there is no role administrator"],
    ),
    "unknown role to be assigned": (
        [("role_assigned: applicant", "role_assigned: aplicant")],
        ["69:24: LD211: there is no role aplicant; did you mean applicant?"],
    ),
    "unknown role not to hold": (
        [("not_holding: [applicant]", "not_holding: [officer, aplicant]")],
        ["88:32: LD211: there is no role aplicant; did you mean applicant?"],
    ),
    "unknown role allowed": (
        [("allowed: [officer, checker]", "allowed: [officer, checker, checkr]")],
        ["36:33: LD211: there is no role checkr; did you mean checker?"],
    ),
    "unknown evidence kind": (
        [("kind: receipt", "kind: reciept")],
        ["79:26: LD212: there is no evidence kind reciept; did you mean receipt?"],
    ),
    "unknown evidence allowed": (
        [("allowed: [budget, contract]", "allowed: [budget, contract, letter]")],
        ["42:33: LD212: there is no evidence kind letter"],
    ),
    "unknown fact": (
        [("- fact: amount", "- fact: amonut")],
        ["59:15: LD213: there is no fact amonut; did you mean amount?"],
    ),
    "unknown fact to lie within": (
        [("within: [purchases.item]", "within: [purchses.item]")],
        ["78:39: LD213: there is no fact purchses; did you mean purchases?"],
    ),
    "unknown list of reasons": (
        [("reason: refusals", "reason: refusal")],
        ["89:17: LD214: there is no list of reasons refusal; did you mean refusals?"],
    ),
    "unknown transition to answer": (
        [("answers: apply", "answers: aply")],
        ["67:18: LD215: there is no transition aply; did you mean apply?"],
    ),
    "unknown transition of another person": (
        [("different_person: [apply]", "different_person: [aply]")],
        ["68:28: LD215: there is no transition aply; did you mean apply?"],
    ),
    "unknown policy": (
        [("policy: small_grants", "policy: small_grant")],
        [
            (
                "87:17: LD216: the programme declares no adjustment small_grant; did you "
                "mean small_grants?"
            )
        ],
    ),
    "unknown adjustment of roles": (
        [("adjustment: deciders", "adjustment: decider")],
        [("64:22: LD216: the programme declares no adjustment decider; did you mean deciders?")],
    ),
    "unknown adjustment of evidence": (
        [("adjustment: papers", "adjustment: paper")],
        ["57:32: LD216: the programme declares no adjustment paper; did you mean papers?"],
    ),
    "unregistered guard": (
        [("registered: money_left", "registered: money_lft")],
        ["70:21: LD217: no guard is registered as money_lft; did you mean money_left?"],
    ),
    "no state to leave": (
        [("from: [funded]", "from: []")],
        ["73:11: LD221: name the states to leave, or write any_except_final: true"],
    ),
    "neither target nor stay": (
        [("    to: funded\n", "")],
        [
            "47:10: LD226: no way leads from applied to funded",
            "60:5: LD221: name the state to lead to, or write stays: true",
        ],
    ),
    "both target and stay": (
        [("to: funded", "to: funded\n    stays: true")],
        ["63:9: LD221: name the state to lead to, or write stays: true"],
    ),
    "way out of a final state": (
        [("from: [funded]", "from: [funded, closed]")],
        ["73:20: LD222: closed is final: nothing leads out of it"],
    ),
    "nobody to make it": (
        [("by: [checker]", "by: []")],
        ["84:9: LD223: name roles, or one adjustment of kind roles"],
    ),
    "roles and an adjustment": (
        [("by: {adjustment: deciders}", "by: {roles: [officer], adjustment: deciders}")],
        ["64:9: LD223: name roles, or one adjustment of kind roles"],
    ),
    "two transitions of one name and state": (
        [("id: write_off", "id: fund")],
        ["80:9: LD224: there are two transitions fund out of: applied"],
    ),
    "two transitions of one name": (
        [("id: report", "id: fund")],
        ["71:9: LD224: there are two transitions fund"],
    ),
    "no final state": ([("final: true, ", "")], ["46:3: LD225: no state is final"]),
    "state that is not reached": (
        [("initial: applied", "initial: funded")],
        ["46:10: LD226: no way leads from funded to applied"],
    ),
    "state without a way to a final one": (
        [
            ("from: {any_except_final: true}", "from: [applied]"),
            ("    to: closed\n", "    stays: true\n"),
        ],
        ["47:10: LD227: no way leads from funded to a final state"],
    ),
    "state that nothing leads to": (
        [
            (
                "{id: closed",
                (
                    '{id: lost, title: {ru: "Утрата", en: "Lost"}, source: inference}\n  - '
                    "{id: closed"
                ),
            )
        ],
        ["48:10: LD226: no way leads from applied to lost"],
    ),
    "requirement of nothing": (
        [("- policy: small_grants", '- source: "the fund\'s charter, 6"')],
        ["87:9: LD230: a requirement asks for one thing; this one asks for nothing"],
    ),
    "requirement of two things": (
        [("- policy: small_grants", "- policy: small_grants\n        role_assigned: officer")],
        [
            (
                "87:9: LD230: a requirement asks for one thing; this one asks for: "
                "role_assigned, policy"
            )
        ],
    ),
    "evidence asked twice": (
        [("- fact: amount", "- evidence: contract")],
        ["59:9: LD231: evidence contract is asked for twice"],
    ),
    "fact asked twice": (
        [("- fact: amount", "- fact: purchases")],
        ["59:9: LD231: fact purchases is asked for twice"],
    ),
    "evidence of a kind and an adjustment": (
        [("kind: receipt, each", "adjustment: papers, kind: receipt, each")],
        ["79:19: LD232: name one kind of evidence, or one adjustment of kind evidence"],
    ),
    "evidence of no kind": (
        [("{kind: receipt, each: bought}", "{each: bought}")],
        ["79:19: LD232: name one kind of evidence, or one adjustment of kind evidence"],
    ),
    "number that is not empty": (
        [("- fact: amount", "- fact: {name: amount, not_empty: true}")],
        ["59:41: LD233: not_empty makes no sense for a fact of type integer"],
    ),
    "records within codes": (
        [("{name: purchases, not_empty: true}", "{name: purchases, within: [bought]}")],
        ["58:41: LD233: within makes no sense for a fact of type records"],
    ),
    "each of a number": (
        [("each: bought", "each: amount")],
        ["79:41: LD234: amount is not a list of codes"],
    ),
    "each of records": (
        [("each: bought", "each: purchases")],
        ["79:41: LD234: purchases is not a list of codes; these are: purchases.item"],
    ),
    "each of an unknown field": (
        [("each: bought", "each: purchases.itm")],
        ["79:41: LD234: purchases.itm is not a list of codes; these are: purchases.item"],
    ),
    "field of codes": (
        [("each: bought", "each: bought.item")],
        ["79:41: LD234: bought.item is not a list of codes; these are: bought"],
    ),
    "fact that nobody states": (
        [("      - fact: {name: purchases, not_empty: true}\n", "")],
        ["77:39: LD235: no transition asks for the fact purchases, so it is always empty"],
    ),
    "answer to what does not stay": (
        [("answers: apply", "answers: report")],
        ["67:18: LD236: report cannot be answered here: it has to stay in the same states"],
    ),
    "answer in another state": (
        [("- policy: small_grants", "- answers: apply")],
        ["87:18: LD236: apply cannot be answered here: it has to stay in the same states"],
    ),
    "names for a flag": (
        [("default: false", "default: [officer]")],
        ["31:14: LD241: small_grants is either true or false"],
    ),
    "flag for names": (
        [("default: [officer]", "default: true")],
        ["37:14: LD241: deciders is a list, one of these or more: officer, checker"],
    ),
    "no names": (
        [("default: [officer]", "default: []")],
        ["37:14: LD241: deciders is a list, one of these or more: officer, checker"],
    ),
    "name that is not allowed": (
        [("default: [officer]", "default: [applicant]")],
        ["37:15: LD242: deciders does not allow applicant; allowed are: officer, checker"],
    ),
    "name twice": (
        [("default: [officer]", "default: [officer, officer]")],
        ["37:24: LD201: officer stands here twice"],
    ),
    "flag where roles are needed": (
        [("adjustment: deciders", "adjustment: small_grants")],
        ["64:22: LD243: the adjustment small_grants is of kind flag; roles is needed here"],
    ),
    "roles where a flag is needed": (
        [("policy: small_grants", "policy: deciders")],
        ["87:17: LD243: the adjustment deciders is of kind roles; flag is needed here"],
    ),
}

ROADMAPS = {
    "unknown programme": (
        [("programme: grants", "programme: grnts")],
        ["4:12: LD220: there is no programme grnts; did you mean grants?"],
    ),
    "adjustment the programme does not declare": (
        [("deciders:", "decider:")],
        [("18:3: LD216: the programme declares no adjustment decider; did you mean deciders?")],
    ),
    "role the programme does not allow": (
        [("[checker, officer], source", "[officer, applicant], source")],
        ["18:31: LD242: deciders does not allow applicant; allowed are: officer, checker"],
    ),
    "names for a flag": (
        [("deciders:", "small_grants:")],
        ["18:25: LD241: small_grants is either true or false"],
    ),
    "section given twice": (
        [
            (
                '  - {number: "I", title: "Прием"}',
                '  - {number: "I", title: "Прием"}\n  - {number: "I", title: "Итоги"}',
            )
        ],
        ["21:14: LD201: I stands here twice"],
    ),
    "unknown section": (
        [('section: "I"', 'section: "II"')],
        ["23:14: LD218: there is no section II; did you mean I?"],
    ),
    "activity given twice": ([('key: "2"', 'key: "1"')], ["34:10: LD201: 1 stands here twice"]),
    "unknown role": (
        [("roles: [applicant]", "roles: [aplicant]")],
        ["30:13: LD211: there is no role aplicant; did you mean applicant?"],
    ),
    "drives nothing known": (
        [("drives: [apply]", "drives: [aply, closd, moon]")],
        [
            "32:14: LD219: there is no transition and no state aply; did you mean apply?",
            "32:20: LD219: there is no transition and no state closd; did you mean closed?",
            "32:27: LD219: there is no transition and no state moon",
        ],
    ),
    "window that ends before it begins": (
        [('end: "2026-03-31"', 'end: "2026-02-28"')],
        ["27:10: LD251: the window ends on 2026-02-28, before it begins on 2026-03-01"],
    ),
    "period that ends before it begins": (
        [('end: "2026-06-30"', 'end: "2026-02-28"')],
        ["15:36: LD251: the window ends on 2026-02-28, before it begins on 2026-03-01"],
    ),
}


@pytest.mark.parametrize(("edits", "expected"), PROGRAMMES.values(), ids=PROGRAMMES.keys())
def test_a_mistake_in_a_programme_is_told_with_its_place(
    told_of_programme: Told, edits: Edits, expected: list[str]
) -> None:
    assert told_of_programme(*edits) == expected


@pytest.mark.parametrize(("edits", "expected"), ROADMAPS.values(), ids=ROADMAPS.keys())
def test_a_mistake_in_a_road_map_is_told_with_its_place(
    told_of_roadmap: Told, edits: Edits, expected: list[str]
) -> None:
    assert told_of_roadmap(*edits) == expected


def test_all_mistakes_of_meaning_are_told_at_once_in_the_order_of_the_file(
    told_of_programme: Told,
) -> None:
    told = told_of_programme(
        ("to: funded", "to: fnded"),
        ("policy: small_grants", "policy: papers"),
        ("initial: applied", "initial: aplied"),
    )

    assert told == [
        "6:10: LD210: there is no state aplied; did you mean applied?",
        "63:9: LD210: there is no state fnded; did you mean funded?",
        "87:17: LD243: the adjustment papers is of kind evidence; flag is needed here",
    ]
