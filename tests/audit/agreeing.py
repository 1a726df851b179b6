"""Whatever is done to a history, the package and the verifier that stands alone agree on it.

A bundle holds no projections, columns or queues, so what the package finds there has no place in
it. Everything else must be found by both, and by the verifier at no other place.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

from lifecycle.audit.findings import Finding, Report
from lifecycle.domain.errors import StorageFailed
from tests.audit.bundles import bundle_of, told

IN_RECORDS = frozenset(
    {
        "body_invalid",
        "chain_broken",
        "consulted_missing",
        "consulted_runs_back",
        "decision_differs",
        "decision_outdated",
        "decision_refused",
        "definition_altered",
        "foreign_record",
        "id_repeated",
        "not_replayable",
        "request_differs",
        "sequence_gap",
        "time_runs_back",
    }
)
# What the verifier that stands alone does not ask, as docs/audit.md says.
HEX = re.compile(r"[0-9a-f]{64}")
LEFT_OUT = (
    "the link is not an address",
    "a reference needs number",
    "the file is not named by its content",
    "files are kept encrypted where the kind is personal",
    "a public key is 32 bytes in base64",
    "scope is not valid",
    "has passed already",
    "Invalid isoformat string",
)


def agree(folder: Path, report: Report) -> None:
    """Make sure that both say the same of the history in *folder*, signed as it is."""
    copy = Path(
        shutil.copytree(folder, folder.with_name(f"{folder.name}-signed"), dirs_exist_ok=True)
    )
    try:
        path = bundle_of(copy)
    except StorageFailed:
        # A log whose own tables do not hold together is neither sealed, signed nor bundled.
        assert not report.ok
        return
    code, verdict = told(path)
    alone = {one["place"]: one["text"] for one in verdict["findings"]}
    plans = set(_plans(path))
    # A definition of wrong types, under the digest of these very bytes, is the package's to find.
    if any(
        one.code == "definition_altered" and not HEX.fullmatch(str(one.found))
        for one in report.findings
    ):
        return
    asked = [
        one
        for one in report.findings
        if _is_asked(one) and (one.code == "request_differs" or one.place not in plans)
    ]
    if report.ok:
        assert (code, alone) == (0, {})
    if asked:
        assert code == 6, asked
    # Whatever rests on a broken shared stream may be told as well; schools stand for themselves.
    streams = {one.stream for one in report.findings}
    if all(str(one).startswith("participation/") for one in streams):
        assert {place.partition("#")[0] for place in alone if "#" in place} <= streams, alone


def _is_asked(finding: Finding) -> bool:
    left_out = any(one in str(finding.found) for one in LEFT_OUT)
    return finding.code in IN_RECORDS and not left_out


def _plans(path: Path) -> Iterator[str]:
    """Yield the places of records on activities and erasures: their details are left out."""
    with zipfile.ZipFile(path) as archive:
        lines = archive.read("records.jsonl").splitlines()
    for line in lines:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            body = json.loads(line)
            if str(body["kind"]).startswith(("activity_", "person_erased")):
                yield f"{body['stream']}#{body['sequence']}"
