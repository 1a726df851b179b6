#!/usr/bin/env python3
"""Verify an audit bundle of school-lifecycle alone: Python 3.11 or newer, and nothing else.
    python -I verify.py bundle.zip --key KEY [--checkpoint FILE]... [--school SCHOOL]... [--json]
KEY is the log's public key (a line ``name+id+key``, or a file with it), FILE a checkpoint that you
kept; neither may come from whoever sent the bundle. SCHOOL is one of a bundle of some schools only.
Exit code 0: nothing was found. 6: something was. 8: not verified. 2: wrong use. docs/audit.md."""
import argparse, base64, bisect, contextlib, functools, hashlib, json, re, sys, zipfile, zoneinfo
from datetime import UTC, date, datetime, timedelta
from typing import Any
Body = dict[str, Any]
Point = tuple[int, int, int]  # x / z and y / z are the place
Key = tuple[str, bytes, bytes]  # name, id, Ed25519 public key
BODY_BYTES, NOTE_BYTES, RULES_BYTES, FILE_BYTES = (1 << 16) - 1, 1 << 16, 1 << 22, 1 << 26
FORMAT, LARGEST, MOMENT = "school-lifecycle/bundle/1", 2**53 - 1, "%Y-%m-%dT%H:%M:%S.%fZ"
BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError)
def need(fits: object, what: str) -> None:  # goes on only where it fits
    if not fits: raise ValueError(what)
# -- Ed25519, RFC 8032, 5.1: verification only ----------------------------------------------------
P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
def point(encoded: bytes) -> Point:  # 5.1.3; of small order it would fit what nobody signed
    sign, y = divmod(int.from_bytes(encoded, "little"), 2**255)
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == P - u: x = x * pow(2, (P - 1) // 4, P) % P
    x = x if x & 1 == sign else P - x
    fits = len(encoded) == 32 and y < P and v * x * x % P == u
    need(fits and times(8, (x, y, 1))[0], "this is no public key")
    return x, y, 1
def plus(one: Point, other: Point) -> Point:  # adds two points (5.1.4)
    (x1, y1, z1), (x2, y2, z2) = one, other
    a, b, c = z1 * z2 % P, x1 * x2 % P, y1 * y2 % P
    f, g = (a * a - D * b * c) % P, (a * a + D * b * c) % P
    return a * f * ((x1 + y1) * (x2 + y2) - b - c) % P, a * g * (b + c) % P, f * g % P
def times(scalar: int, base: Point) -> Point:
    if scalar == 0: return 0, 1, 1
    half = times(scalar >> 1, base)
    return plus(plus(half, half), base) if scalar & 1 else plus(half, half)
BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
@functools.lru_cache(4096)
def signed(public: bytes, message: bytes, signature: bytes) -> bool:  # is it, by that key? 5.1.7
    (x, y, z), scalar = point(public), int.from_bytes(signature[32:], "little")
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little")
    x, y, z = plus(times(scalar % Q, BASE), times(challenge % Q, (P - x, y, z)))
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
        return functools.reduce(lambda b, a: sha(b"\x01", a, b), self.edge[::-1] or [sha()])
def led(old: int, new: int, path: list[bytes], root: bytes | None, one: bool) -> list[bytes]:
    """Follow a proof to both roots: from the older, or of *one* leaf, the last of the older."""
    end = new == 1 if one else old == new
    need(0 < old <= new and (path or end) and (not end or len(path) == (root is None)), "no proof")
    if end: return [root or path[0]] * 2
    left = 1 << (new - 1).bit_length() - 1  # leaves in the left half
    if old <= left:
        first, second = led(old, left, path[:-1], root, one)
        return [first, sha(b"\x01", second, path[-1])]
    both = led(old - left, new - left, path[:-1], root if one else None, one)
    return [sha(b"\x01", path[-1], each) for each in both]
# -- signed notes: c2sp.org/signed-note, tlog-checkpoint, tlog-proof ------------------------------
NUMBER = "(0|[1-9][0-9]{0,18})"
SIGNATURE = "\N{EM DASH} ([^\\s+]+) ([A-Za-z0-9+/]{7,}=*)\n"
NOTE = re.compile(f"((.+)\n{NUMBER}\n(.+)\n)\n((?:{SIGNATURE}){{1,64}})")
PROOF = re.compile(f"(c2sp.org/tlog-proof@v1\nindex|old) {NUMBER}((?:\n.+){{0,128}})\n\n((?s:.*))")
def base(text: str, length: int = 0) -> bytes:  # decodes base64 in its one spelling
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text and length in (0, len(data)), "no such base64")
    return data
def key_from(text: str) -> Key:  # reads name+id+key
    name, found, encoded = text.strip().split("+", 2)
    data, known = base(encoded, 33), re.fullmatch("[^\\s+]+", name) and name.isprintable()
    need(data[0] == 1 and point(data[1:]), "this is not an Ed25519 key of signed notes")
    need(known and sha(name.encode(), b"\n", data)[:4].hex() == found, "its id differs: mistyped?")
    return name, bytes.fromhex(found), data[1:]
def checkpoint_from(text: str, keys: list[Key]) -> tuple[int, bytes]:  # size and root, if signed
    note: Any = text.replace("\n", "").isprintable() and NOTE.fullmatch(text)
    need(note and len(text) <= NOTE_BYTES and int(note[3]) < 2**63, "it is no checkpoint")
    known, lines = {key[:2]: key[2] for key in keys}, re.findall(SIGNATURE, note[5])
    ours = [(n, d) for n, d in ((name, base(text)) for name, text in lines) if (n, d[:4]) in known]
    fits = len(ours) == len({(n, data[:4]) for n, data in ours})  # each key once
    fits = fits and all(signed(known[n, d[:4]], note[1].encode(), d[4:]) for n, d in ours)
    need(fits and note[2] in dict(ours), f"it is not signed by a key of {note[2]} that you gave")
    return int(note[3]), base(note[4], 32)
def proof_from(text: str, word: str, size: int, newest: str) -> list[bytes]:  # its hashes
    proof = PROOF.fullmatch(text) if len(text) <= 2 * NOTE_BYTES else None
    if proof is None or (proof[1][-len(word):], proof[2], proof[4]) != (word, str(size), newest):
        raise ValueError("it is a proof of something else, or none")
    return [base(one, 32) for one in proof[3].split("\n")[1:]]
def canonical(value: Any) -> bytes:  # canonical JSON: the one spelling of a value
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
FILES = re.compile(r"bundle\.json|checkpoint|log\.key|records\.jsonl|verify\.py|README\.txt"
    rf"|(checkpoints|growth|proofs)/{NUMBER}|(definitions|evidence)/[0-9a-f]{{64}}")
class Archive(zipfile.ZipFile):  # from a stranger: nothing is unpacked, no size in it believed
    def __init__(self, path: str) -> None:
        super().__init__(path)
        files, self.newest = self.infolist(), ""
        self.names = {one.filename for one in files if one.compress_type in (0, 8)}
        need(len(self.names) == len(files), "a name occurs twice in it, or a file is packed oddly")
        need(all(map(FILES.fullmatch, self.names)), "there is a file that has no place in a bundle")
        small = sum(one.file_size for one in files) <= FILE_BYTES + 100 * self.start_dir
        if not small or len(self.under("check")) > 4096: raise OSError("it holds beyond measure")
    def text(self, name: str) -> str: return self.read(name).decode()
    def steps(self, folder: str, word: str, number: int) -> list[bytes]:
        return proof_from(self.text(f"{folder}/{number}"), word, number, self.newest)
    def under(self, folder: str) -> list[str]: return sorted(n for n in self.names if folder in n)
    def lines(self) -> Any:
        with self.open("records.jsonl") as file:
            while line := file.readline(BODY_BYTES + 1):
                need(line.endswith(b"\n"), "there is a line without an end, or too long")
                yield line[:-1]
# -- forms: a kind's place, the name of its request, its members as called there, and as spelt -----
ID, T = "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", r"""('(\\.|[^'\\])*'|"(\\.|[^"\\])*")"""
MARKS = {"": "['\"].*", "?": "['\"].*|None", "#": r"-?\d+", "$": f"'{ID}'", "~": ".*", "^": "1",
         "*": rf"\[({T}(, )?)*\]", "!": rf"{{({T}: -?\d+(, )?)*}}", "+": r"\[.*\]", "@": "{.*}",
         "%": "'[0-9a-f]{64}'|None", "/": r"'\d{4}(-\d\d){2}'|None", "&": "'[1-9][0-9]{0,4}'",
         ";": "True|False"}  # how Python writes a member that bears such a mark
FORMS = {name: (place, request, re.findall("(\\w+):?([\\w-]*)([^\\s\\w]?)", members))
         for names, place, request, members in (one.split(None, 3) for one in """
record - - actor@ command_id comment% consulted! definition~ due_on? effective_on evidence+ facts@
format^ from? kind origin previous reason? record_id recorded_at request requirements* sequence#
stream to? transition? | actor - - id role assignment? authentication on_behalf_of? signature? |
file - - kind item? form sha256 size# media_type name% content% | link - - kind item? form url |
reference - - kind item? form number date issuer | bundle - - evidence; findings# format origin
schools~ size# | advanced participation/.+ Advance school= transition= facts= | actor_added
installation AddActor actor:added$ | role_assigned (?!i.*/).+ AssignRole actor:assignee$ role
stream= | enrolled participation/.+ Enrol school$ roadmap$ title | credential_added installation
AddCredential actor:holder$ credential$ method proof scopes expires_at | credential_revoked
installation RevokeCredential actor:-$ credential$ | person_erased installation ErasePerson
actor:erased$ ground act records* | role_revoked (?!i.*/).+ RevokeRole actor:assignee$ role stream=
assignment:- | installed installation Found maximum_merge_delay:-& | roadmap_adopted roadmap/.+
Adopt roadmap$ definition= | activity_begun,activity_done,activity_postponed,activity_cancelled
roadmap/.+ ActOnActivity activity occurrence? postponed_to/ counts! roadmap= act=""".split("|"))
         for name in names.split(",")}
def formed(value: Any, name: str) -> None:  # has it just the members of that form, and so spelt?
    members = [one for one in FORMS[name][2] if one[2] != "="]
    need({*value} == {one[0] for one in members}, f"it has not the members of {name}")
    for one, _, mark in members:
        need(re.fullmatch(MARKS[mark], repr(value[one])), f"{one} is no such value")
def body_from(line: bytes) -> Body:
    body: Body = value_from(line)
    formed(body, "record")
    formed(body["actor"], "actor")
    for one in body["evidence"]: formed(one, one["form"])
    if body["kind"] != "advanced": formed(body["facts"], body["kind"])
    days = [body["effective_on"], body["due_on"], *(one.get("date") for one in body["evidence"])]
    fits = all(str(date.fromisoformat(one)) == one for one in days if one is not None)
    at = datetime.fromisoformat(body["recorded_at"]).astimezone(UTC)
    need(fits and at.strftime(MOMENT) == body["recorded_at"], "it is no record of format 1")
    need(re.fullmatch(FORMS[body["kind"]][0], body["stream"]), "it is out of place")
    return body
TOP, SCHOOL, USUAL = "installation", "participation/", {"scopes": "", "expires_at": ""}
PERSONAL = ("name", "content", "sha256", "size")
def asked(body: Body, day: str | None, whole: bool = False) -> str:  # its request; whole: signed
    kind, facts, (_, name, members) = body["kind"], body["facts"], FORMS[body["kind"]]
    on, digest = body["stream"].partition("/")[2], (body["definition"] or {}).get("digest")
    more = body | {"school": on, "roadmap": on, "act": kind[9:], "definition": digest}
    asks = {to or n: more[n] if mark == "=" else facts[n] for n, to, mark in members}
    asks |= {"effective_on": day, "evidence": []}
    for one in body["evidence"]:  # a retry commits anew, so commitments are in the whole only
        hidden = () if whole else PERSONAL if one.get("content") is not None else PERSONAL[:1]
        asks["evidence"].append({"dated" if n == "date" else n: v for n, v in one.items()
            if v is not None and n not in hidden and (n, v) != ("form", "file")})
    for one in ("reason", "comment")[:1 + whole]: asks[one] = body[one]
    if body["stream"] == TOP and body["sequence"] <= 3: name, asks = "Found", {}
    asks = {n: v for n, v in asks.items() if n != "-" and v not in (None, [], USUAL.get(n))}
    return sha(canonical([name, persons(body), asks])).hex()
def persons(body: Body) -> list[Any]: return [body["actor"][n] for n in ("id", "on_behalf_of")]
FOUNDING, GIVEN = ("installed", "actor_added", "role_assigned"), ("actor", "role")
METHODS, CHECKED = ["host", "os-uid", "token", "signed"], ["role", "date", "authentication"]
OPTIONAL = dict.fromkeys("transition from to definition due_on reason comment".split())
APART = {"administrator": "auditor", "auditor": "administrator"}
PLACE = ("origin", "stream", "sequence", "previous", "command_id")
KNOWN = f"host:[A-Za-z0-9][A-Za-z0-9_.:/-]{{0,94}}|os-uid:[0-9]{{1,10}}|(token|signed):{ID}"
class History:  # what the records say, one after the other, and whether the rules let them
    def __init__(self, origin: str, definitions: dict[str, Body]) -> None:
        self.origin, self.definitions, self.unmade = origin, definitions, 0
        self.streams, self.credentials = dict[str, Any](), dict[str, list[Any]]()
        self.delay, self.latest, self.leaf, self.founder = timedelta(0), "", b"", list[Any]()
        self.actors, self.ids, self.proofs = dict[str, int](), set[bytes](), dict[str, list[Any]]()
    def stream(self, name: str) -> Any:
        if name not in self.streams:
            link = sha(b"school-lifecycle/genesis/1\x00", canonical([self.origin, name])).hex()
            self.streams[name] = argparse.Namespace(
                version=0, link=link, at="", seen={}, times=[], given={}, rules=None,
                map=None, state=None, known={}, here=[], movers={})
        return self.streams[name]
    def learn(self, body: Body) -> None:  # before any is judged, so the first has the word
        version, facts, stream = body["sequence"], body["facts"], self.stream(body["stream"])
        if stream.map is None: stream.times.append(body["recorded_at"])  # nobody looks at schools
        held = self.credentials if "credential" in facts else stream.given
        name = facts.get("credential") or facts.get("assignment") or body["record_id"]
        match body["kind"]:
            case "installed" if version == 1: self.delay = timedelta(0, int(*facts.values()))
            case "actor_added": self.actors.setdefault(facts["actor"], version)
            case "roadmap_adopted":
                stream.rules = stream.rules or self.definitions[body["definition"]["digest"]]
            case "role_assigned": held.setdefault(name, [version, LARGEST, *map(facts.get, GIVEN)])
            case "credential_added":
                given = held.setdefault(name, [version, LARGEST, facts])
                self.proofs.setdefault(facts["proof"], []).append(given)
            case "role_revoked" | "credential_revoked": held[name][1] = min(held[name][1], version)
    def held(self, name: str, version: int) -> dict[str, list[Any]]:  # by the records that gave it
        return {n: r for n, r in self.stream(name).given.items() if r[0] <= version < r[1]}
    def chain(self, body: Body) -> None:  # does it follow from the one before it?
        stream, version, at = self.stream(body["stream"]), body["sequence"], body["recorded_at"]
        before, link, last = stream.version, stream.link, stream.at
        stream.version, stream.link, stream.at = version, self.leaf.hex(), max(last, at)
        latest, self.latest = self.latest, max(self.latest, at)
        need(body["origin"] == self.origin, f"it is a record of {body['origin']}")
        need(version == before + 1, f"it stands behind record {before} of its stream")
        need(body["previous"] == link, "it does not follow from the record before it")
        need(at >= last, "it was recorded before the record that it follows")
        late = at < latest and datetime.fromisoformat(latest) - datetime.fromisoformat(at)
        need(not late or late <= self.delay, f"a record of {latest} stands before it in the log")
        ids = {sha(f"{name} {body[name]}".encode())[:16] for name in ("record_id", "command_id")}
        need(not ids & self.ids, "another record has its record_id or command_id")
        self.ids |= ids
        for name, seen in body["consulted"].items():
            times = self.stream(name).times
            fits = stream.seen.get(name, 1) <= seen <= len(times) and times[seen - 1] <= at
            need(fits, f"it rests on version {seen} of {name}, which its author cannot have seen")
            stream.seen[name] = seen
    def judge(self, body: Body) -> None:  # by what its author looked at, then by what there was
        seen, at = body["consulted"], body["recorded_at"]
        then = {n: max(v, bisect.bisect_left(self.stream(n).times, at)) for n, v in seen.items()}
        for one in [seen] if then == seen else [seen, then]: self.decide(body, one)
    def decide(self, body: Body, seen: dict[str, int]) -> None:
        kind, name, facts, bears = body["kind"], body["stream"], body["facts"], body["evidence"]
        stream, before, top = self.stream(name), body["sequence"] - 1, name == TOP
        rules, version, looked = stream.rules, before if top else seen[TOP], {*()} if top else {TOP}
        held, roles, scope = self.held(TOP, version), ["administrator"], "administer"
        day, actor, founding = body["effective_on"], body["actor"], top and before < 3
        made: Body = {"requirements": [] if founding else CHECKED, "evidence": [], **OPTIONAL}
        end = f".{before + 1}" if founding else "~adopt" if kind == "roadmap_adopted" else ""
        if kind == "advanced":
            move, scope, on = rules["moves"][body["transition"]], "advance", stream.map
            held, roles = self.held(name, before) | self.held(on, seen[on]), move["roles"]
            made, looked = self.moved(body, stream, move, [*held.values()]), {TOP, on}
        elif kind == "enrolled":
            scope, on = "enrol", f"roadmap/{facts['roadmap']}"
            need(before == 0 and name == SCHOOL + facts["school"], "it is out of place")
            rules, held, looked = self.stream(on).rules, held | self.held(on, seen[on]), {TOP, on}
            roles, made["to"] = rules["enrolled_by"], rules["initial"]
        elif kind.startswith("activity_"):
            row, scope, held = rules["rows"][facts["activity"]], "plan", self.held(name, before)
            roles = row["roles"] + rules.get("planned_by", [])
            made = {"requirements": [*CHECKED, "activity"]}
        elif founding:
            founder = [actor, body["command_id"].removesuffix(end)]
            self.founder = self.founder or founder
            fits = facts.items() <= {**facts, "actor": actor["id"], "role": roles[0]}.items()
            fits = fits and self.delay <= timedelta(1) and founder == self.founder
            need(fits and kind == FOUNDING[before], "it founds no installation")
        else: self.administered(body, rules, before, version)
        if scope != "administer" or kind == "roadmap_adopted": made["definition"] = rules["ref"]
        need(re.fullmatch(ID, body["command_id"].removesuffix(end)), "its command_id is none")
        need(len({canonical({**n, "name": None}) for n in bears}) == len(bears), "one comes twice")
        for n, v in made.items(): need(body[n] == v, f"{n} is {body[n]!r}, by the rules {v!r}")
        need(body["consulted"].keys() == looked, "it looked at other streams than it has to")
        zone = zoneinfo.ZoneInfo(rules["roadmap"]["time_zone"]) if rules else UTC
        today = str(datetime.fromisoformat(body["recorded_at"]).astimezone(zone).date())
        need(day <= today, f"it bears a date that had not come on {today}")
        usual = min(today, rules["roadmap"]["start"]) if kind == "enrolled" else today
        days = [n for n in (None, day) if (n or usual) == day and asked(body, n) == body["request"]]
        need(days and (day == usual or not founding), "it answers another request")
        own = [[one, n] for one in roles for n in held if held[n][2:] == [actor["id"], one]]
        fits = [actor["role"], actor["assignment"]] in ([[*roles, None]] if founding else own[:1])
        need(fits, f"{actor['id']} did not act in the first of these: {', '.join(roles)}")
        rules = {} if scope == "administer" else rules  # the programme's methods are for its acts
        self.admit(body, rules, version, scope, asked(body, days[0], True))
    def admit(self, body: Body, rules: Body, version: int, scope: str, content: str) -> None:
        approval = rules.get("moves", {}).get(body["transition"], {}).get("approval", False)
        actor, (method, _, name) = body["actor"], body["actor"]["authentication"].partition(":")
        acts = {*persons(body)} - {None}
        need(all(self.actors[n] <= max(version, 2) for n in acts), "it is of nobody known then")
        for *_, who, role in self.held(TOP, version).values():
            apart = role == "auditor" or (approval and role == "administrator")
            need(not apart or who not in acts, f"{who} is {role}, who may not do this")
        enough = rules.get("authentication", {}).get("approval" if approval else "any", METHODS)
        need(method in enough and re.fullmatch(KNOWN, actor["authentication"]), "known too badly")
        need(method == "signed" or actor["signature"] is None, "nobody signed it so")
        if method in METHODS[:2]: return
        added, revoked, given = self.credentials.get(name, [LARGEST, 0, None])
        fits = added <= version < revoked and given["actor"] == actor["id"]
        fits = fits and given["method"] == {"token": "token", "signed": "key"}[method]
        fits = fits and (not given["scopes"] or scope in given["scopes"].split(" "))
        fits = fits and (not given["expires_at"] or body["recorded_at"] < given["expires_at"])
        need(fits, f"the credential {name} was not good for it then")
        text = canonical(["school-lifecycle/command/1", *(body[one] for one in PLACE), content])
        fits = method == "token" or signed(base(given["proof"]), text, base(actor["signature"]))
        need(fits, "the signature is not that of this command")
    def administered(self, body: Body, rules: Any, before: int, version: int) -> None:
        name, facts = body["stream"], body["facts"]
        who, role = facts.get("actor"), facts.get("role")
        scope = name.partition("/")[0].replace("participation", "school")
        alike = [n for n, one in self.held(name, before).items() if one[2:] == [who, role]]
        top = [one[2:] for one in self.held(TOP, version).values()]
        known = self.credentials.get(facts.get("credential"), [0, 0, {}])
        match body["kind"]:
            case "roadmap_adopted":
                fits = before == 0 and name[8:] == facts["roadmap"] == rules["roadmap"]["id"]
            case "role_assigned":
                fits = scope in ([TOP] if role in APART else rules["scopes"][role]) and not alike
                fits = fits and [who, APART.get(role)] not in top
            case "credential_added":
                others = [one for one in self.proofs[facts["proof"]] if one[0] <= before]
                fits = all(one[1] <= before and one[2]["actor"] == who for one in others)
                fits = fits and known[0] == before + 1
            case "credential_revoked": fits = known[1] == before + 1 and known[2]["actor"] == who
            case "actor_added": fits, who = self.actors[who] == before + 1, None
            case "role_revoked": fits = facts["assignment"] in alike
            case kind: fits = kind == "person_erased"
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
                "to": move["target"] or stream.state, "due_on": move.get("due_on")}
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
                moves, last = stream.rules["moves"].values(), one["submission"]
                names = {each["name"] for each in moves if one in each.get("requirements", ())}
                return [each for each in stream.here if each in {*names, last}][-1:] == [last]
            case "different_person":
                return not any(acts & {*stream.movers.get(n, ())} for n in one["transitions"])
            case "not_holding": return not any(r[3] in one["roles"] and r[2] in acts for r in held)
            case "policy": return bool(one["allowed"])
        self.unmade += 1  # a guard that the office wrote in Python
        return True
    def follow(self, body: Body) -> None:  # takes in what a record says of its school
        stream, facts = self.stream(body["stream"]), body["facts"]
        if body["stream"].startswith(SCHOOL): self.learn(body)
        if body["kind"] == "enrolled":
            stream.map = f"roadmap/{facts['roadmap']}"
            stream.rules = self.definitions[body["definition"]["digest"]]
        if body["kind"] in ("enrolled", "advanced"):
            t, to, stream.known = body["transition"], body["to"], stream.known | facts
            stream.here, stream.state = [*stream.here, t] if to == stream.state else [], to
            stream.movers[t] = (*stream.movers.get(t, ()), *persons(body))
def label(one: Body) -> str:  # names a requirement as records do
    names = "role kind fact submission policy name transitions roles".split()
    parts = [one["type"], *(one[name] for name in names if name in one)]
    return "/".join(",".join(part) if isinstance(part, list) else part for part in parts)
class Report(argparse.Namespace):  # findings, doubts and notes
    @contextlib.contextmanager
    def at(self, place: str) -> Any:  # goes on behind what is wrong at a place
        try: yield
        except BROKEN as error:
            text = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
            self.findings.append({"place": place, "text": text})
            if len(self.findings) > 1000: raise OSError("there are too many findings") from error
def rules_from(data: bytes, name: str) -> Body:  # a definition, with its parts by their names
    need(sha(data).hex() == name, "it is another definition")
    rules: Body = value_from(data, RULES_BYTES)
    plan = rules["roadmap"]
    rules["moves"] = {one["name"]: one for one in rules["transitions"]}
    rules["rows"] = {one["key"]: one for one in plan["activities"]}
    rules["scopes"] = {one["name"]: one["scopes"] for one in rules["roles"]}
    rules["ref"] = {"id": f"{rules['programme']}/{plan['id']}", "digest": name,
                    "version": f"{rules['programme_version']}/{plan['version']}"}
    return rules
def verify(path: str, given: Any, report: Report) -> Body:  # by what the auditor has
    files, keys, named, definitions = Archive(path), given.key, {*given.school}, dict[str, Body]()
    about, files.newest = value_from(files.read("bundle.json")), files.text("checkpoint")
    if about["format"] != FORMAT: raise OSError(f"its format is {about['format']}, not {FORMAT}")
    if about["findings"]: report.notes.append(f"THE OFFICE ITSELF HAD {about['findings']} FINDINGS")
    if not keys:
        if "log.key" not in files.names: raise OSError("give the log's key: --key NAME+ID+KEY")
        keys = [*map(key_from, files.text("log.key").split())]
        report.notes.append("THE KEY CAME WITH THE BUNDLE: against its sender this proves nothing")
    (size, root), log = checkpoint_from(files.newest, keys), files.newest.split("\n")[0]
    checkpoints, whole = [("checkpoint", size, root)], about["schools"] is None
    for name, text in [(n, files.text(n)) for n in files.under("checkpoints/")] + given.checkpoint:
        with report.at(name): checkpoints.append((name, *checkpoint_from(text, keys)))
        with report.at(name): need(text.startswith(f"{log}\n"), f"it is of another log than {log}")
    for name in files.under("definitions/"):
        with report.at(name): definitions[name[12:]] = rules_from(files.read(name), name[12:])
    for name in files.under("evidence/"):
        with report.at(name): need(sha(files.read(name)).hex() == name[9:], "it is another file")
    roots, wanted = {0: sha()} if whole else {0: sha(), size: root}, {one[1] for one in checkpoints}
    places = range(size) if whole else sorted(int(n[7:]) for n in files.under("proofs/"))
    history, tree = History(log.removeprefix("school-lifecycle/"), definitions), Tree()
    with report.at("records.jsonl"):  # first the tree, and the streams that others look at
        for _, line in zip(range(len(places) + 1), files.lines(), strict=False):
            tree.add(sha(b"\0", line))
            if whole and tree.size in wanted: roots[tree.size] = tree.root()
            with contextlib.suppress(*BROKEN):  # what is wrong with it is found below
                if not json.loads(line)["stream"].startswith(SCHOOL): history.learn(body_from(line))
        need(tree.size == len(places) > 0, f"it has {tree.size} records, or more, of {len(places)}")
    soon = (datetime.now(UTC) + min(history.delay, timedelta(1))).strftime(MOMENT)
    with report.at("records.jsonl"):
        for index, line in zip(places, files.lines(), strict=False):
            place, history.leaf = f"record {index + 1}", sha(b"\0", line)
            with report.at(place):
                steps = [] if whole else files.steps("proofs", "index", index)
                need(whole or led(index + 1, size, steps, history.leaf, True)[1] == root, "no path")
                place = f"{(body := body_from(line))['stream']}#{body['sequence']}"
                for look in (history.chain, history.judge, history.follow):
                    with report.at(place): look(body)
    for name, old, old_root in checkpoints:
        with report.at(name):
            need(old <= size, f"it covers {old} records, this one {size}: cut off, or an old copy")
            if whole or old in roots: need(roots.get(old) == old_root, "it is of other records")
            elif f"growth/{old}" in files.names:
                both = led(old, size, files.steps("growth", "old", old), old_root, False)
                need(both == [old_root, root], "it is of other records")
            else: report.doubts.append(f"{name}: ask for a bundle that has growth/{old}")
    report.notes += [f"guards in Python that were not asked again: {history.unmade}"]
    if history.latest > soon: report.doubts.append(f"this clock is before {history.latest}")
    schools = {n[14:]: [one.state, one.version] for n, one in history.streams.items()
               if n.startswith(SCHOOL) and one.version}
    with report.at("bundle.json"):
        formed(about, "bundle")
        need((about["origin"], about["size"]) == (history.origin, size), "it is of other records")
        need(whole or about["schools"] == sorted(schools) != [], f"it holds {sorted(schools)}")
        need(not whole or not files.under("proofs/") + files.under("growth/"), "proofs to spare")
    odd = sorted(named - {*schools} if whole else named ^ {*schools})
    if odd: report.doubts.append(f"name by --school what is in it, or ask for the whole: {odd}")
    if not whole: report.notes.append(f"PARTIAL: {tree.size} of {size} records; " + REST)
    return {"origin": log, "size": size, "root": root.hex(), "records": tree.size,
            "partial": not whole, "schools": schools}
REST = "nothing is said of the other records, nor of later ones of these streams"
def text_of(path: str) -> str:  # without empty lines around it; what is not UTF-8 fits nowhere
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        return file.read(NOTE_BYTES).strip("\n") + "\n"
def key(one: str) -> list[Key]:  # a key, or the name of a file with keys, one a line
    try: text = text_of(one)
    except OSError: text = one
    return [*map(key_from, text.split() or [""])]
def checkpoint(path: str) -> list[tuple[str, str]]:
    need(NOTE.fullmatch(text := text_of(path)), "it is no checkpoint")
    return [(path, text)]
def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an audit bundle of school-lifecycle.")
    parser.add_argument("bundle")
    for name, kind in ("--key", key), ("--checkpoint", checkpoint), ("--school", str.split):
        parser.add_argument(name, action="extend", default=[], type=kind, help="can be repeated")
    parser.add_argument("--json", action="store_true", help="tell the verdict as JSON")
    try: asked, report = parser.parse_args(words), Report(findings=[], doubts=[], notes=[])
    except OSError as error: parser.error(str(error))
    found = Body(schools={}, records=0, origin="?", partial=False)
    try:
        zoneinfo.ZoneInfo("Europe/Moscow")  # without the zones of the world nothing is verified
        with report.at("bundle"): found |= verify(asked.bundle, asked, report)
    except Exception as error:  # whatever a stranger sent
        report.doubts.append(f"it cannot be verified: {type(error).__name__}: {error}")
    code = 6 if report.findings else 8 if report.doubts else 0
    sound = "sound as far as it goes" if found["partial"] else "sound"
    found |= {"verdict": {0: sound, 6: "not sound", 8: "not verified"}[code], **vars(report)}
    lines = [f"FINDING {one['place']}: {one['text']}" for one in report.findings]
    lines += [f"NOT VERIFIED {one}" for one in report.doubts]
    lines += [f"{name}: {one[0]}, version {one[1]}" for name, one in found["schools"].items()]
    lines += [f"NOTE {one}" for one in report.notes]
    lines += [f"{found['verdict']}: {found['records']} records of {found['origin']}"]
    plainly = [one.encode("unicode_escape").decode() for one in lines]  # moves no cursor
    try: print(json.dumps(found) if asked.json else "\n".join(plainly), flush=True)
    except OSError as error:  # the disk is full, or nobody reads any more
        code, sys.stdout = 8, sys.stderr
        print(f"the verdict cannot be told: {error}")
    return code
if __name__ == "__main__": sys.exit(main())
