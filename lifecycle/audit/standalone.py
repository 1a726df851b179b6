#!/usr/bin/env python3
# fmt: off
"""Verify an audit bundle of school-lifecycle alone: Python 3.11 or newer, and nothing else.

    python -I verify.py bundle.zip --key KEY [--checkpoint FILE]... [--json]

KEY is the log's public key (a line ``name+id+key``, or a file with it), FILE a checkpoint that you
kept; neither may come from whoever sent the bundle. Exit code 0: nothing was found. 6: something
was. 8: not verified. 2: wrong use. docs/audit.md tells formats and rules in words.
"""
import argparse, base64, bisect, contextlib, hashlib, json, re, sys, zipfile, zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
Body = dict[str, Any]
Point = tuple[int, int, int, int]
Key = tuple[str, bytes, bytes]  # name, id, Ed25519 public key
BODY_BYTES, FILE_BYTES, LARGEST, MANY = 1 << 16, 1 << 26, 2**53 - 1, 1000
BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError)
def need(fits: object, what: str) -> None:  # goes on only where it fits
    if not fits: raise ValueError(what)
# -- Ed25519, RFC 8032, 5.1: verification only ----------------------------------------------------
P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
def point(encoded: bytes) -> Point:
    """Decode a public key (5.1.3); one of small order, which fits what nobody signed, is none."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == P - u: x = x * pow(2, (P - 1) // 4, P) % P
    x = x if x & 1 == sign else P - x
    found = x, y, 1, x * y % P
    fits = len(encoded) == 32 and y < P and v * x * x % P == u
    need(fits and times(8, found)[0], "this is no public key")
    return found
def plus(one: Point, other: Point) -> Point:  # adds two points (5.1.4)
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, other
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
def times(scalar: int, base: Point) -> Point:
    total = (0, 1, 1, 0)
    for bit in bin(scalar)[2:]:
        total = plus(total, total) if bit == "0" else plus(plus(total, total), base)
    return total
BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
def signed(public: bytes, message: bytes, signature: bytes) -> bool:  # is it, by that key? 5.1.7
    (x, y, z, t), scalar = point(public), int.from_bytes(signature[32:], "little")
    challenge = hashlib.sha512(signature[:32] + public + message).digest()
    challenged = times(int.from_bytes(challenge, "little") % Q, (P - x, y, z, P - t))
    x, y, z, t = plus(times(scalar % Q, BASE), challenged)
    x, y = x * pow(z, -1, P) % P, y * pow(z, -1, P) % P
    encoded = (y | (x & 1) << 255).to_bytes(32, "little")
    return len(signature) == 64 and scalar < Q and encoded == signature[:32]
# -- the Merkle tree, RFC 9162, 2.1; a proof of growth leads to both roots, from the older's (2.1.4)
def sha(*parts: bytes) -> bytes: return hashlib.sha256(b"".join(parts)).digest()
class Tree:  # its right edge: one hash for each 1 of its size in binary
    def __init__(self) -> None: self.size, self.edge = 0, list[bytes]()
    def add(self, leaf: bytes) -> None:
        size = self.size
        while size & 1: leaf, size = sha(b"\x01", self.edge.pop(), leaf), size >> 1
        self.edge, self.size = [*self.edge, leaf], self.size + 1
    def root(self) -> bytes:
        root = self.edge[-1] if self.edge else sha()
        for left in self.edge[-2::-1]: root = sha(b"\x01", left, root)
        return root
def included(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:  # 2.1.3: a root
    need(0 <= index < size and (size > 1) == bool(path), "the proof does not fit the tree")
    if size == 1: return leaf
    left = 1 << (size - 1).bit_length() - 1  # leaves in the left half
    if index < left: return sha(b"\x01", included(index, left, leaf, path[:-1]), path[-1])
    return sha(b"\x01", path[-1], included(index - left, size - left, leaf, path[:-1]))
def grown(old: int, new: int, path: list[bytes], root: bytes | None) -> tuple[bytes, bytes]:
    need(0 < old <= new and (old < new or len(path) == (root is None)), "the proof does not fit")
    if old == new: return (root or path[0],) * 2
    left = 1 << (new - 1).bit_length() - 1
    if old <= left:
        first, second = grown(old, left, path[:-1], root)
        return first, sha(b"\x01", second, path[-1])
    first, second = grown(old - left, new - left, path[:-1], None)
    return sha(b"\x01", path[-1], first), sha(b"\x01", path[-1], second)
# -- signed notes: c2sp.org/signed-note, tlog-checkpoint, tlog-proof ------------------------------
NUMBER = "(0|[1-9][0-9]{0,18})"
SIGNATURE = "\N{EM DASH} ([^\\s+]+) ([A-Za-z0-9+/]{7,}=*)\n"
NOTE = re.compile(f"((.+)\n{NUMBER}\n(.+)\n)\n((?:{SIGNATURE}){{1,64}})")
PROOF = re.compile(f"(c2sp.org/tlog-proof@v1\nindex|old) {NUMBER}((?:\n.+){{0,128}})\n\n((?s:.*))")
def base(text: str, length: int = 0) -> bytes:  # decodes base64 in its one spelling
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text, "something is not base64 in its one spelling")
    need(length in (0, len(data)), f"there are {len(data)} bytes where {length} have to be")
    return data
def key_from(text: str) -> Key:  # reads name+id+key
    name, _, rest = text.strip().partition("+")
    found, _, encoded = rest.partition("+")
    data = base(encoded, 33)
    need(data[0] == 1 and point(data[1:]), "this is not an Ed25519 key of signed notes")
    fits = re.fullmatch("[^\\s+]+", name) and name.isprintable()
    fits = fits and sha(name.encode(), b"\n", data)[:4].hex() == found
    need(fits, "the key's id is not that of its name and bytes: mistyped?")
    return name, bytes.fromhex(found), data[1:]
def checkpoint_from(text: str, keys: list[Key]) -> tuple[int, bytes]:  # size and root, if signed
    note = NOTE.fullmatch(text) if len(text) <= BODY_BYTES else None
    if note is None or not text.replace("\n", "").isprintable() or int(note[3]) >= 2**63:
        raise ValueError("it is no checkpoint")
    proofs = [(name, base(encoded)) for name, encoded in re.findall(SIGNATURE, note[5])]
    known = {key[:2]: key[2] for key in keys}
    ours = [(name, data) for name, data in proofs if (name, data[:4]) in known]
    fits = all(signed(known[n, data[:4]], note[1].encode(), data[4:]) for n, data in ours)
    need(fits and note[2] in dict(ours), f"it is not signed by a key of {note[2]} that you trust")
    return int(note[3]), base(note[4], 32)
def proof_from(text: str, word: str, size: int, newest: str) -> list[bytes]:  # its hashes
    proof = PROOF.fullmatch(text) if len(text) <= 2 * BODY_BYTES else None
    if proof is None or (proof[1][-len(word):], proof[2], proof[4]) != (word, str(size), newest):
        raise ValueError("it is a proof of something else, or none")
    return [base(one, 32) for one in proof[3].split("\n")[1:]]
# -- canonical JSON -------------------------------------------------------------------------------
def canonical(value: Any) -> bytes:  # the one spelling of a value
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
def plain(value: Any, depth: int = 16) -> bool:  # does it lie within the profile?
    if isinstance(value, dict): fits, inner = "".join(value).isascii(), [*value.values()]
    else: fits, inner = not isinstance(value, float), value if isinstance(value, list) else []
    fits = fits and not (isinstance(value, int) and abs(value) > LARGEST)
    return depth > 0 and fits and all(plain(one, depth - 1) for one in inner)
def value_from(data: bytes, limit: int = BODY_BYTES) -> Any:  # the value of canonical bytes
    value = json.loads(data.decode()) if len(data) <= limit else 0.5
    need(plain(value) and canonical(value) == data, "it is not canonical JSON, or too long")
    return value
# -- the archive, from a stranger: nothing is unpacked, and no size in it is believed -------------
FILES = re.compile(
    r"bundle\.json|checkpoint|log\.key|(records|openings)\.jsonl|verify\.py|README\.txt"
    rf"|(checkpoints|growth|proofs)/{NUMBER}|(definitions|evidence)/[0-9a-f]{{64}}")
class Archive:
    def __init__(self, path: str) -> None:
        self.zip = zipfile.ZipFile(path)
        self.names = {one.filename for one in self.zip.infolist()}
        need(len(self.names) == len(self.zip.infolist()), "a name occurs twice in the archive")
        for one in self.zip.infolist():
            known = FILES.fullmatch(one.filename) and one.compress_type in (0, 8)
            need(known, f"{one.filename!r} has no place in a bundle")
    def read(self, name: str) -> bytes:
        need(name in self.names, f"{name} is not in the bundle")
        with self.zip.open(name) as file: data = file.read(FILE_BYTES + 1)
        need(len(data) <= FILE_BYTES, f"{name} is too long")
        return data
    def under(self, folder: str) -> list[str]:
        return sorted(one for one in self.names if one.startswith(folder))
    def lines(self) -> Iterator[bytes]:
        with self.zip.open("records.jsonl") as file:
            while line := file.readline(BODY_BYTES + 2):
                need(line.endswith(b"\n"), "there is a line without an end, or too long")
                yield line[:-1]
# -- the form of a record -------------------------------------------------------------------------
OPTIONAL = {*"transition from to definition due_on reason comment".split()}
TEXTS = "origin stream previous record_id command_id request kind recorded_at effective_on".split()
OTHERS = "format sequence requirements actor evidence facts consulted".split()
ACTOR = {*"id role assignment authentication on_behalf_of signature".split()}
def body_from(line: bytes) -> Body:
    body: Body = value_from(line)
    numbers = (body["format"], body["sequence"], *body["consulted"].values())
    moment = datetime.fromisoformat(body["recorded_at"]).astimezone(UTC)
    fits = body.keys() == {*OPTIONAL, *TEXTS, *OTHERS} and body["actor"].keys() == ACTOR
    fits = fits and body["format"] == 1 and {*map(type, numbers)} == {int}
    fits = fits and {type(body[name]) for name in TEXTS} == {str}
    fits = fits and moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") == body["recorded_at"]
    day = date.fromisoformat(body["effective_on"])
    need(fits and str(day) == body["effective_on"], "it is no record of format 1")
    return body
ASKED = {kind: names for kind, *names in map(str.split, """\
installed Found maximum_merge_delay:- | advanced Advance | actor_added AddActor actor:added
roadmap_adopted Adopt roadmap | role_assigned AssignRole actor:assignee role
role_revoked RevokeRole actor:assignee role assignment:- | enrolled Enrol school roadmap title
credential_added AddCredential actor:holder credential method proof scopes expires_at
credential_revoked RevokeCredential actor:- credential
person_erased ErasePerson actor:erased ground act records
activity ActOnActivity activity occurrence postponed_to counts""".replace("|", "\n").splitlines())}
TOP, USUAL = "installation", {"scopes": "", "expires_at": "", "evidence": [], "records": []}
PERSONAL = ("name", "content", "sha256", "size")
def asked(body: Body, day: str | None, whole: bool = False) -> str:
    """Return the digest of the request that *body* answers; the whole one is what is signed."""
    kind, facts, on = body["kind"], body["facts"], body["stream"].partition("/")[2]
    name, *members = ASKED[re.sub("(?<=^activity)_(begun|done|postponed|cancelled)$", "", kind)]
    names = {one: to or one for one, _, to in (each.partition(":") for each in members)}
    need(names.keys() == facts.keys() or name == "Advance", "its facts are not those of its kind")
    asks = {names[one]: facts[one] for one in names} | {"effective_on": day, "evidence": []}
    for one in body["evidence"]:  # a retry commits anew, so commitments are in the whole only
        hidden = () if whole else PERSONAL if one.get("content") is not None else PERSONAL[:1]
        asks["evidence"].append({"dated" if n == "date" else n: v for n, v in one.items()
            if v is not None and n not in hidden and (n, v) != ("form", "file")})
    match name:
        case "Advance": asks |= {"school": on, "transition": body["transition"], "facts": facts}
        case "ActOnActivity": asks |= {"roadmap": on, "act": kind[9:]}
        case "Adopt": asks["definition"] = body["definition"]["digest"]
        case "AssignRole" | "RevokeRole": asks["stream"] = body["stream"]
    for one in ("reason", "comment")[:1 + whole]: asks[one] = body[one]
    if body["stream"] == TOP and body["sequence"] <= len(FOUNDING): name, asks = "Found", {}
    asks = {n: v for n, v in asks.items() if n != "-" and v != USUAL.get(n)}
    return sha(canonical([name, persons(body), asks])).hex()
def persons(body: Body) -> list[Any]: return [body["actor"][n] for n in ("id", "on_behalf_of")]
# -- the rules ------------------------------------------------------------------------------------
METHODS, CHECKED = ["host", "os-uid", "token", "signed"], ["role", "date", "authentication"]
APART = {"administrator": "auditor", "auditor": "administrator"}
FOUNDING = ("installed", "actor_added", "role_assigned")
PLACE = ("origin", "stream", "sequence", "previous", "command_id")
class History:  # what the records say, one after the other, and whether the rules let them
    def __init__(self, origin: str, definitions: dict[str, Body]) -> None:
        self.origin, self.definitions, self.unmade = origin, definitions, 0
        self.streams, self.credentials = dict[str, Any](), dict[str, list[Any]]()
        self.actors, self.ids, self.proofs = dict[str, int](), set[bytes](), dict[str, list[Any]]()
    def stream(self, name: str) -> Any:
        if name not in self.streams:
            link = sha(b"school-lifecycle/genesis/1\x00", canonical([self.origin, name])).hex()
            self.streams[name] = SimpleNamespace(
                version=0, link=link, at="", seen={}, times=[], given={}, rules=None,
                map=None, state=None, known={}, here=[], movers={})
        return self.streams[name]
    def learn(self, body: Body) -> None:  # of shared streams before any record is judged
        version, facts, stream = body["sequence"], body["facts"], self.stream(body["stream"])
        stream.times.append(body["recorded_at"])
        match body["kind"]:
            case "actor_added": self.actors.setdefault(facts["actor"], version)
            case "roadmap_adopted":
                stream.rules = stream.rules or self.definitions[body["definition"]["digest"]]
            case "role_assigned":
                stream.given[body["record_id"]] = [version, LARGEST, facts["actor"], facts["role"]]
            case "role_revoked": stream.given[facts["assignment"]][1] = version
            case "credential_added":
                given = self.credentials.setdefault(facts["credential"], [version, LARGEST, facts])
                self.proofs.setdefault(facts["proof"], []).append(given)
            case "credential_revoked":
                given = self.credentials[facts["credential"]]
                given[1] = min(given[1], version)
    def held(self, name: str, version: int) -> dict[str, list[Any]]:  # by the records that gave it
        return {n: r for n, r in self.stream(name).given.items() if r[0] <= version < r[1]}
    def chain(self, body: Body, leaf: bytes) -> None:  # does it follow from the one before it?
        stream, version, at = self.stream(body["stream"]), body["sequence"], body["recorded_at"]
        before, link, last = stream.version, stream.link, stream.at
        stream.version, stream.link, stream.at = version, leaf.hex(), max(last, at)
        need(body["origin"] == self.origin, f"it is a record of {body['origin']}")
        need(version == before + 1, f"it stands behind record {before} of its stream")
        need(body["previous"] == link, "it does not follow from the record before it")
        need(at >= last, "it was recorded before the record that it follows")
        for name in ("record_id", "command_id"):
            one = sha(f"{name} {body[name]}".encode())[:16]
            need(one not in self.ids, f"another record has its {name}")
            self.ids.add(one)
        for name, seen in body["consulted"].items():
            fits = stream.seen.get(name, 1) <= seen <= len(self.stream(name).times)
            need(fits, f"it rests on version {seen} of {name}, which its author cannot have seen")
            stream.seen[name] = seen
    def judge(self, body: Body) -> None:  # by what its author looked at, then by what there was
        seen, at = body["consulted"], body["recorded_at"]
        then = {n: max(v, bisect.bisect_left(self.stream(n).times, at)) for n, v in seen.items()}
        for one in [seen] if then == seen else [seen, then]: self.decide(body, one)
    def decide(self, body: Body, seen: dict[str, int]) -> None:
        kind, name, facts, actor = body["kind"], body["stream"], body["facts"], body["actor"]
        stream, before, top = self.stream(name), body["sequence"] - 1, name == TOP
        rules, version, looked = stream.rules, before if top else seen[TOP], {*()} if top else {TOP}
        held, roles, scope = self.held(TOP, version), ["administrator"], "administer"
        bears, day, me = body["evidence"], body["effective_on"], actor["id"]
        founding, made = top and before < 3, dict[str, Any].fromkeys(OPTIONAL)
        made |= {"requirements": [] if founding else CHECKED, "evidence": []}
        if kind == "advanced":
            move, scope, on = rules["moves"][body["transition"]], "advance", stream.map
            held, roles = self.held(name, before) | self.held(on, seen[on]), move["roles"]
            made, looked = self.moved(body, stream, move, [*held.values()]), {TOP, on}
        elif kind == "enrolled":
            scope, on = "enrol", f"roadmap/{facts['roadmap']}"
            need(before == 0 and name == f"participation/{facts['school']}", "it is out of place")
            rules, held, looked = self.stream(on).rules, held | self.held(on, seen[on]), {TOP, on}
            roles, made["to"] = rules["enrolled_by"], rules["initial"]
        elif kind.startswith("activity_"):
            row, scope, held = rules["rows"][facts["activity"]], "plan", self.held(name, before)
            roles = row["roles"] + rules.get("planned_by", [])
            made = {"requirements": [*CHECKED, "activity"], "definition": rules["ref"]}
        elif founding: need((kind, facts.get("actor", me)) == (FOUNDING[before], me), "misplaced")
        else: self.administered(body, rules, before, version)
        if kind in ("roadmap_adopted", "enrolled"): made["definition"] = rules["ref"]
        marks = [body["comment"], *(one.get(n) for one in bears for n in PERSONAL[:2])]
        fits = all(one is None or re.fullmatch("[0-9a-f]{64}", one) for one in marks)
        fits = fits and len({canonical({**one, "name": None}) for one in bears}) == len(bears)
        need(fits, "it bears in plain words what has to be a commitment, or a piece twice")
        for member, value in made.items():
            need(body[member] == value, f"{member} is {body[member]!r}, by the rules {value!r}")
        need(body["consulted"].keys() == looked, "it looked at other streams than it has to")
        zone = zoneinfo.ZoneInfo(rules["roadmap"]["time_zone"]) if rules else UTC
        today = str(datetime.fromisoformat(body["recorded_at"]).astimezone(zone).date())
        need(day <= today, f"it bears a date that had not come on {today}")
        usual = min(today, rules["roadmap"]["start"]) if kind == "enrolled" else today
        days = [n for n in (None, day) if (n or usual) == day and asked(body, n) == body["request"]]
        need(days and (day == usual or not founding), "it answers another request")
        own = [[one, n] for one in roles for n in held if held[n][2:] == [me, one]]
        fits = [actor["role"], actor["assignment"]] in ([[*roles, None]] if founding else own[:1])
        need(fits, f"{me} did not act in the first of these: {', '.join(roles)}")
        rules = {} if scope == "administer" else rules  # the programme's methods are for its acts
        self.admit(body, rules, version, scope, asked(body, days[0], True))
    def admit(self, body: Body, rules: Body, version: int, scope: str, content: str) -> None:
        approval = rules.get("moves", {}).get(body["transition"], {}).get("approval", False)
        actor, (method, _, name) = body["actor"], body["actor"]["authentication"].partition(":")
        acts = {*persons(body)} - {None}
        need(acts <= self.actors.keys(), "it is done for nobody known")
        for *_, who, role in self.held(TOP, version).values():
            apart = role == "auditor" or (approval and role == "administrator")
            need(not apart or who not in acts, f"{who} is {role}, who may not do this")
        enough = rules.get("authentication", {}).get("approval" if approval else "any", METHODS)
        need(method in METHODS and method in enough and name, f"known by {method} is not enough")
        if method in METHODS[:2]: return need(actor["signature"] is None, "nobody signed it so")
        added, revoked, given = self.credentials.get(name, [LARGEST, 0, None])
        fits = added <= version < revoked and given["actor"] == actor["id"]
        fits = fits and given["method"] == {"token": "token", "signed": "key"}[method]
        fits = fits and (not given["scopes"] or scope in given["scopes"].split(" "))
        fits = fits and (not given["expires_at"] or body["recorded_at"] < given["expires_at"])
        need(fits, f"the credential {name} was not good for it then")
        if method == "token": return need(actor["signature"] is None, "nobody signed it so")
        text = canonical(["school-lifecycle/command/1", *(body[one] for one in PLACE), content])
        fits = signed(base(given["proof"]), text, base(actor["signature"]))
        need(fits, "the signature is not that of this command")
    def administered(self, body: Body, rules: Any, before: int, version: int) -> None:
        name, facts = body["stream"], body["facts"]
        who, role = facts.get("actor"), facts.get("role")
        scope = name.partition("/")[0].replace("participation", "school")
        alike = [n for n, one in self.held(name, before).items() if one[2:] == [who, role]]
        top = [one[2:] for one in self.held(TOP, version).values()]
        match body["kind"]:
            case "roadmap_adopted":
                fits = (before, name) == (0, f"roadmap/{rules['roadmap']['id']}")
            case "role_assigned":
                fits = scope in ([TOP] if role in APART else rules["scopes"][role]) and not alike
                fits = fits and [who, APART.get(role)] not in top
            case "credential_added":
                others = [one for one in self.proofs[facts["proof"]] if one[0] <= before]
                fits = name == TOP and self.credentials[facts["credential"]][0] == before + 1
                fits = fits and all(one[1] <= before and one[2]["actor"] == who for one in others)
            case "credential_revoked":
                _, revoked, given = self.credentials[facts["credential"]]
                fits = name == TOP and revoked == before + 1 and given["actor"] == who
            case "actor_added": fits, who = name == TOP and self.actors[who] == before + 1, None
            case "role_revoked": fits = facts["assignment"] in alike
            case _: fits = name == TOP and body["kind"] == "person_erased"
        need(fits and (who is None or self.actors[who] <= version), "nobody could do this then")
    def moved(self, body: Body, stream: Any, move: Body, held: list[Any]) -> Body:
        wanted, bears = move.get("requirements", []), body["evidence"]
        names = {(one["type"], one.get("kind") or one.get("fact")) for one in wanted}
        given = {("evidence", one["kind"]) for one in bears} | {("fact", n) for n in body["facts"]}
        given |= set() if body["reason"] is None else {("reason", None)}
        need(given <= names, "it bears what nobody asked for")
        need(stream.state in move["sources"], f"{move['name']} does not lead out of {stream.state}")
        for one in wanted: need(self.met(one, body, stream, held), f"it does not fulfil {one}")
        return {"requirements": ["state", *CHECKED, *map(label, wanted)], "from": stream.state,
                "to": move["target"] or stream.state, "transition": move["name"],
                "definition": stream.rules["ref"], "due_on": move.get("due_on")}
    def met(self, one: Body, body: Body, stream: Any, held: list[Any]) -> bool:
        acts, facts, known = {*persons(body)} - {None}, body["facts"], stream.known | body["facts"]
        def codes(path: str) -> set[Any]:
            name, _, member = path.partition(".")
            return {item[member] if member else item for item in known.get(name) or ()}
        match one["type"]:
            case "role_assigned": return any(role[3] == one["role"] for role in held)
            case "evidence":
                items = {each["item"] for each in body["evidence"] if each["kind"] == one["kind"]}
                return items == (codes(one["each"]) if one.get("each") else {None})
            case "fact":
                name, others = one["fact"], one.get("within", ())
                fits = name in facts and bool(facts[name] or not one.get("not_empty"))
                return fits and all(codes(name) <= codes(other) for other in others)
            case "reason": return body["reason"] in [each["code"] for each in one["reasons"]]
            case "answers":
                moves = stream.rules["moves"].values()
                names = {each["name"] for each in moves if one in each.get("requirements", ())}
                names.add(one["submission"])
                return [each for each in stream.here if each in names][-1:] == [one["submission"]]
            case "different_person":
                return not any(stream.movers.get(n, set()) & acts for n in one["transitions"])
            case "not_holding":
                return not any(role[3] in one["roles"] and role[2] in acts for role in held)
            case "policy": return bool(one["allowed"])
        self.unmade += 1  # a guard that the office wrote in Python
        return True
    def follow(self, body: Body) -> None:  # takes in what a record says of its school
        stream, facts = self.stream(body["stream"]), body["facts"]
        if body["stream"].startswith("participation/"): self.learn(body)
        if body["kind"] == "enrolled":
            stream.map = f"roadmap/{facts['roadmap']}"
            stream.rules = self.definitions[body["definition"]["digest"]]
        if body["kind"] in ("enrolled", "advanced"):
            stream.here = [*stream.here, body["transition"]] if body["to"] == stream.state else []
            stream.state, stream.known = body["to"], stream.known | facts
            stream.movers.setdefault(body["transition"], set()).update(persons(body))
def label(one: Body) -> str:  # names a requirement as records do
    names = [one[n] for n in ("role", "kind", "fact", "submission", "policy", "name") if n in one]
    several = [",".join(one[n]) for n in ("transitions", "roles") if n in one]
    return "/".join([one["type"], *names, *several])
# -- the whole ------------------------------------------------------------------------------------
class Report:
    def __init__(self) -> None:
        self.findings, self.doubts, self.notes = list[Body](), list[str](), list[str]()
    @contextlib.contextmanager
    def at(self, place: str) -> Iterator[None]:  # goes on behind what is wrong at a place
        try: yield
        except BROKEN as error:
            text = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
            self.findings.append({"place": place, "text": text})
            if len(self.findings) > MANY: raise OSError("there are too many findings") from error
def rules_from(data: bytes, name: str) -> Body:  # a definition, with its parts by their names
    need(hashlib.sha256(data).hexdigest() == name, "it is another definition")
    rules: Body = value_from(data, FILE_BYTES)
    plan = rules["roadmap"]
    rules["moves"] = {one["name"]: one for one in rules["transitions"]}
    rules["rows"] = {one["key"]: one for one in plan["activities"]}
    rules["scopes"] = {one["name"]: one["scopes"] for one in rules["roles"]}
    rules["ref"] = {"id": f"{rules['programme']}/{plan['id']}", "digest": name,
                    "version": f"{rules['programme_version']}/{plan['version']}"}
    return rules
def verify(path: str, keys: list[Key], kept: list[tuple[str, str]], report: Report) -> Body:
    """Verify a bundle against the log's keys and the checkpoints that the auditor kept."""
    archive = Archive(path)
    about, newest = value_from(archive.read("bundle.json")), archive.read("checkpoint").decode()
    if not keys:
        keys = [key_from(archive.read("log.key").decode())]
        report.notes.append("THE KEY CAME WITH THE BUNDLE: against its sender this proves nothing")
    size, root = checkpoint_from(newest, keys)
    checkpoints, definitions = [("checkpoint", size, root)], dict[str, Body]()
    signed_before = [(one, archive.read(one).decode()) for one in archive.under("checkpoints/")]
    for name, text in signed_before + kept:
        with report.at(name): checkpoints.append((name, *checkpoint_from(text, keys)))
    for name in archive.under("definitions/"):
        with report.at(name): definitions[name[12:]] = rules_from(archive.read(name), name[12:])
    for name in archive.under("evidence/"):
        found = f"evidence/{hashlib.sha256(archive.read(name)).hexdigest()}"
        with report.at(name): need(found == name, "it is another file")
    whole, places = about["schools"] is None, sorted(int(n[7:]) for n in archive.under("proofs/"))
    history, tree = History(keys[0][0].removeprefix("school-lifecycle/"), definitions), Tree()
    roots, wanted = {0: sha()}, {one[1] for one in checkpoints}
    with report.at("records.jsonl"):
        for line in archive.lines():  # first the tree, and the streams that others look at
            tree.add(sha(b"\0", line))
            if tree.size in wanted: roots[tree.size] = tree.root()
            with contextlib.suppress(*BROKEN):  # what is wrong with it is found below
                if b'"stream":"participation/' not in line: history.learn(body_from(line))
        need(tree.size == (size if whole else len(places)), f"it has {tree.size} records")
    with report.at("records.jsonl"):
        for number, line in enumerate(archive.lines()):
            leaf, place = sha(b"\0", line), f"record {number + 1}"
            with report.at(place):
                if not whole:
                    proof, index = archive.read(f"proofs/{places[number]}").decode(), places[number]
                    steps = proof_from(proof, "index", index, newest)
                    need(included(index, size, leaf, steps) == root, "its proof leads elsewhere")
                body = body_from(line)
                place = f"{body['stream']}#{body['sequence']}"
                with report.at(place): history.chain(body, leaf)
                with report.at(place): history.judge(body)
                with report.at(place): history.follow(body)
    for name, old, old_root in checkpoints:
        with report.at(name):
            need(old <= size, f"it covers {old} records, this one {size}: cut off, or an old copy")
            if whole or old in (0, size):
                need((root if old == size else roots.get(old)) == old_root, "it is of another log")
            elif f"growth/{old}" in archive.names:
                steps = proof_from(archive.read(f"growth/{old}").decode(), "old", old, newest)
                need(grown(old, size, steps, old_root) == (old_root, root), "it is of another log")
            else: report.doubts.append(f"{name}: ask for a bundle that has growth/{old}")
    with report.at("checkpoint"):
        need(not whole or roots.get(size) == root, "it is of other records")
        need(about["origin"] == history.origin, f"the records are of {about['origin']}")
    report.notes += [f"guards in Python that were not asked again: {history.unmade}"]
    schools = {name.partition("/")[2]: one for name, one in history.streams.items() if one.map}
    return {"origin": keys[0][0], "size": size, "root": root.hex(), "records": tree.size,
            "schools": {name: [one.state, one.version] for name, one in schools.items()}}
def text_of(path: str) -> str:
    with open(path, encoding="utf-8", newline="") as file: return file.read(FILE_BYTES)
def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an audit bundle of school-lifecycle.")
    parser.add_argument("bundle")
    parser.add_argument("--key", action="append", default=[], help="public key, or a file with it")
    parser.add_argument("--checkpoint", action="append", default=[], help="file that you kept")
    parser.add_argument("--json", action="store_true", help="tell the verdict as JSON")
    asked, report = parser.parse_args(words), Report()
    found = Body(schools={}, records=0, origin="?")
    try:
        keys = [key_from(one if "+" in one else text_of(one)) for one in asked.key]
        kept = [(one, text_of(one)) for one in asked.checkpoint]
    except (OSError, ValueError) as error: parser.error(str(error))
    try:
        with report.at("bundle"): found |= verify(asked.bundle, keys, kept, report)
    except Exception as error:  # whatever a stranger sent
        report.doubts.append(f"it cannot be read: {type(error).__name__}: {error}")
    code = 6 if report.findings else 8 if report.doubts else 0
    found |= {"verdict": {0: "sound", 6: "not sound", 8: "not verified"}[code], **vars(report)}
    lines = [f"FINDING {one['place']}: {one['text']}" for one in report.findings]
    lines += [f"NOT VERIFIED {one}" for one in report.doubts]
    lines += [f"{name}: {one[0]}, version {one[1]}" for name, one in found["schools"].items()]
    lines += [f"NOTE {one}" for one in report.notes]
    lines += [f"{found['verdict']}: {found['records']} records of {found['origin']}"]
    print(json.dumps(found, ensure_ascii=False) if asked.json else "\n".join(lines))
    return code
if __name__ == "__main__": sys.exit(main())
