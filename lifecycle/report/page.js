"use strict";
// The page unpacks its data once, and from then on only shows: text nodes, never markup.
(async () => {
const DAY = 86400000, at = (id) => document.getElementById(id);
const unpacked = (id) => {
  const packed = Uint8Array.from(atob(at(id).textContent), (one) => one.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate")));
};
const data = await unpacked("data").json(), hashes = new Uint8Array(await unpacked("hashes").arrayBuffer());
document.head.append(Object.assign(document.createElement("style"), { textContent: data.style }));
const make = (tag, name, ...children) => {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children.filter((one) => one !== null && one !== undefined));
  return made;
};
// What somebody wrote keeps its own direction, so that it cannot turn the text around it.
const foreign = (text, tag = "bdi", name = "") => make(tag, name, String(text));

// ---- Language
let language = data.language, plural, dayFormat, momentFormat;
const side = () => (language === "ru" ? 0 : 1);
const word = (key, values = {}) => {
  let text = data.words[key][side()];
  if (text.includes("|")) {
    const rule = plural.select(values.n), forms = text.split("|");
    const place = language === "ru" ? { one: 0, few: 1 }[rule] ?? 2 : rule === "one" ? 0 : 1;
    text = forms[place];
  }
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return typeof value === "number" ? value.toLocaleString(language) : value ?? whole;
  });
};
const title = (place) => data.texts[place][side()];
const useLanguage = (chosen) => {
  language = chosen;
  document.documentElement.lang = chosen;
  const locale = chosen === "ru" ? "ru-RU" : "en-GB";
  plural = new Intl.PluralRules(locale);
  dayFormat = new Intl.DateTimeFormat(locale, { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" });
  momentFormat = new Intl.DateTimeFormat(locale, { timeZone: "UTC", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
};

// ---- Days and moments
const iso = (day) => new Date(day * DAY).toISOString().slice(0, 10);
// Russian adds «г.» to the year, which says nothing beside a month.
const plain = (text) => text.replace(/\s*г\./, "");
const dayText = (day) => plain(dayFormat.format(new Date(day * DAY)));
const momentText = (moment) => `${plain(momentFormat.format(new Date(Math.floor(moment / 1000))))} UTC`;
const momentIso = (moment) => {
  const millis = Math.floor(moment / 1000), rest = String(moment - millis * 1000).padStart(3, "0");
  return new Date(millis).toISOString().replace("Z", `${rest}Z`);
};
const time = (text, machine) => {
  const made = make("time", "", text);
  made.dateTime = machine;
  return made;
};
const dayNode = (day) => time(dayText(day), iso(day));
const placeDays = new Map();
const placeDay = (moment, zone) => { // The day at the place of a road map: lateness is judged there.
  if (!placeDays.has(zone)) {
    let format;
    const parts = { year: "numeric", month: "2-digit", day: "2-digit" };
    try { format = new Intl.DateTimeFormat("en-CA", { ...parts, timeZone: zone }); }
    catch { format = new Intl.DateTimeFormat("en-CA", { ...parts, timeZone: "UTC" }); }
    placeDays.set(zone, format);
  }
  const part = {};
  for (const { type, value } of placeDays.get(zone).formatToParts(new Date(Math.floor(moment / 1000)))) part[type] = value;
  return Date.parse(`${part.year}-${part.month}-${part.day}`) / DAY;
};
const recordCount = data.schools.reduce((sum, [, , , rows]) => sum + rows.length, 0);
const hash = (place) => Array.from(hashes.subarray(place * 32, place * 32 + 32), (one) => one.toString(16).padStart(2, "0")).join("");
// Those of the records come first. What should be a hash and is none stands there itself.
const hex = (told) => typeof told === "number" ? hash(recordCount + told) : told;

// ---- Records
let number = 0;
const schools = data.schools.map(([id, name, rules, rows]) => {
  let recorded = 0;
  const records = rows.map((row) => {
    recorded += row[7];
    const more = row[9] || {};
    return { sequence: row[0], act: data.acts[row[1]], from: row[2], to: row[3], actor: data.names[row[4]],
      role: row[5], how: data.names[row[6]], recorded, effective: row[8], counts: more.c ?? row[8], hash: hash(number++), more };
  });
  return { id, name, rules: data.rules[rules], records };
});
// Where a school stands after those of its records that `within` lets through.
const standing = (school, within) => {
  let state = -1, since = null, version = 0;
  for (const record of school.records) {
    if (!within(record)) continue;
    version = record.sequence;
    if (record.to < 0) continue;
    if (record.to !== record.from) since = record.effective;
    state = record.to;
  }
  return state < 0 ? null : { state, since, version };
};

// ---- The board's states: one list over all rules, in the order of the programme
const states = [], stateAt = new Map();
for (const rules of data.rules) {
  for (const [name, text, final] of rules.states) {
    if (!stateAt.has(name)) { stateAt.set(name, states.length); states.push({ name, text, final }); }
  }
}
const open = states.filter((one) => !one.final).length;
let passed = 0, ended = 0;
for (const state of states) state.tone = state.final ? `end-${Math.min(ended++, 1)}` : `step-${Math.round((passed++ / Math.max(1, open - 1)) * 7)}`;
const stateOf = (school, place) => stateAt.get(school.rules.states[place][0]);

// ---- Working days: how many there are up to a day, from the first deadline on
const [firstDay, marks] = data.worked;
const sums = [0];
for (const mark of marks) sums.push(sums.at(-1) + Number(mark));
const worked = (day) => sums[Math.min(Math.max(day - firstDay + 1, 0), marks.length)];
const nextWorked = (day) => { // Infinity where the calendar was not told so far
  const place = marks.indexOf("1", Math.max(day - firstDay + 1, 0));
  return place < 0 ? Infinity : firstDay + place;
};

// ---- Time: by recorded time the stops are moments, by effective date they are days
const sorted = (values) => [...new Set(values)].sort((one, other) => one - other);
const every = (pick) => schools.flatMap((school) => school.records.map(pick));
const lastDay = Math.floor(data.made / 1000 / DAY);
const axes = {
  recorded: {
    stops: sorted([...every((one) => one.recorded), data.made]),
    within: (cursor) => (record) => record.recorded <= cursor,
    today: (cursor, rules) => placeDay(cursor, rules.zone),
    text: momentText, iso: momentIso,
    ofDay: (day) => (day + 1) * DAY * 1000 - 1, dayOf: (cursor) => Math.floor(cursor / 1000 / DAY),
  },
  effective: {
    // Deadlines are stops too: on the working day after one, a school is late though nothing was done.
    stops: sorted([...every((one) => one.counts), lastDay, ...data.rules.flatMap((rules) => rules.states
      .filter((one) => one[3] !== null).map((one) => nextWorked(one[3])).filter((day) => day <= lastDay))]),
    within: (cursor) => (record) => record.counts <= cursor,
    today: (cursor) => cursor,
    text: dayText, iso, ofDay: (day) => day, dayOf: (cursor) => cursor,
  },
};
// No school has a row before the first: without a school the axis begins with the end.
let axisName = "recorded", axis = axes.recorded, cursor = axis.stops.at(-1);

// ---- A school's history
const term = (list, key, ...content) => list.append(make("dt", "", word(key)), make("dd", "", ...content));
const code = (text) => foreign(text, "code");
const coded = (text, name) => make("span", "", foreign(text), " ", code(name));
const valueNode = (value, told) => {
  if (typeof value === "string") return Object.hasOwn(told, value) ? coded(title(told[value]), value) : foreign(value);
  if (Array.isArray(value)) return make("ul", "values", ...value.map((one) => make("li", "", valueNode(one, told))));
  if (value !== null && typeof value === "object") {
    return make("span", "members", ...Object.entries(value).map(([name, one]) => make("span", "", code(name), ": ", valueNode(one, told))));
  }
  return foreign(JSON.stringify(value), "code");
};
const pieceNode = ([kind, ...rest]) => {
  const [, text, item, form, media] = data.kinds[kind];
  const made = make("li", "", make("b", "", foreign(title(text))), item === null ? "" : " ", item === null ? null : code(item), " ");
  if (form === "link") made.append(foreign(rest[0], "bdi", "url"));
  else if (form === "reference") {
    const [number, dated, issuer] = rest;
    made.append(foreign(word("dated_paper", { number, day: dated === null ? "–" : dayText(dated) })), ", ", foreign(issuer));
  } else {
    const [sha, size, name, content] = rest;
    made.append(make("span", "quiet", `${word("bytes", { n: size })}, `, foreign(media)), foreign(`sha256 ${hex(sha ?? "")}`, "code", "hash"));
    if (name !== undefined && name !== null) made.append(make("small", "hash", word("file_name", { hash: hex(name) })));
    if (content !== undefined && content !== null) made.append(make("small", "hash", word("content", { hash: hex(content) })));
  }
  return made;
};
const stateName = (school, place) => foreign(title(school.rules.states[place][1]), "span", "state-name");
const recordNode = (school, record, previous) => {
  const { more } = record, node = make("li", "record");
  node.dataset.sequence = record.sequence;
  const head = make("h4", "", make("span", "number", `${record.sequence}`), foreign(title(record.act[1])), " ", code(record.act[0]));
  node.append(head);
  if (record.to >= 0 && record.to !== record.from) {
    node.append(make("p", "way", record.from < 0 ? null : stateName(school, record.from), record.from < 0 ? null : make("span", "arrow", " → "), stateName(school, record.to)));
  }
  const dates = make("p", "dates", `${word("dated")} `, dayNode(record.effective), ` · ${word("recorded")} `, time(momentText(record.recorded), momentIso(record.recorded)));
  const lag = placeDay(record.recorded, school.rules.zone) - record.effective;
  if (lag) dates.append(" ", make("span", "badge gap", word(lag > 0 ? "lag" : "ahead", { n: Math.abs(lag) })));
  if (more.c !== undefined) dates.append(" ", make("span", "badge", word("counts", { day: dayText(more.c) })));
  dates.append(" ", make("span", "badge later", ""));
  node.append(dates);
  const list = make("dl", "terms");
  const who = [foreign(record.actor, "b"), `, ${word("as_role", { role: title(record.role) })}`];
  if (more.b !== undefined) who.push(`, ${word("behalf", { actor: data.names[more.b] })}`);
  who.push(make("span", "quiet", ` (${word("authenticated", { how: record.how })}${more.s ? `; ${word("signed")}` : ""})`));
  term(list, "actor", ...who);
  if (more.r) term(list, "reason", coded(title(more.r[1]), more.r[0]));
  if (more.e) term(list, "evidence", make("ul", "pieces", ...more.e.map((place) => pieceNode(data.pieces[place]))));
  if (more.f) {
    term(list, "facts", make("ul", "pieces", ...more.f.map(([fact, value]) =>
      make("li", "", make("b", "", foreign(title(data.facts[fact][1]))), ": ", valueNode(value, school.rules.codes)))));
  }
  if (more.m !== undefined) term(list, "comment", make("small", "hash", word("committed", { hash: hex(more.m) })));
  if (more.q !== undefined) term(list, "checked", ...data.needs[more.q].flatMap((need) => [code(need), " "]));
  const due = more.u ?? school.rules.due[record.act[0]];
  if (due !== undefined) term(list, "deadline", dayNode(due));
  term(list, "hash", foreign(record.hash, "code", "hash"));
  const before = more.p !== undefined ? foreign(hex(more.p), "code", "hash") : previous === null ? word("genesis") : foreign(previous.hash, "code", "hash");
  term(list, "previous", before, more.p !== undefined ? make("strong", "late", ` ${word("broken")}`) : null);
  node.append(list);
  return node;
};
const fill = (school) => {
  if (school.filled) return;
  school.filled = true;
  const { rules } = school;
  const about = make("p", "rules", `${word("rules")}: `, foreign(title(rules.title)), " · ", code(rules.id), " ", code(rules.version), " ", foreign(rules.digest, "code", "hash"));
  const list = make("ol", "records");
  list.setAttribute("aria-label", word("timeline_label"));
  school.records.forEach((record, place) => list.append(recordNode(school, record, place ? school.records[place - 1] : null)));
  school.body.replaceChildren(about, list);
  mark(school);
};
const mark = (school) => { // what of a history lies after the moment shown
  if (!school.filled) return;
  const within = axis.within(cursor);
  school.body.querySelectorAll(".record").forEach((node, place) => {
    const later = !within(school.records[place]);
    node.classList.toggle("is-later", later);
    node.querySelector(".later").textContent = later ? word(`later_${axisName}`) : "";
  });
};

// ---- The rows
for (const school of schools) {
  const row = school.row = make("li", "school"), details = school.details = make("details");
  school.summary = make("summary");
  school.body = make("div", "history");
  details.append(school.summary, school.body);
  row.append(details);
  row.dataset.school = school.id;
  details.addEventListener("toggle", () => { if (details.open) fill(school); });
}
at("schools").append(...schools.map((school) => school.row));
const showRow = (school) => {
  const now = school.now, row = school.row;
  row.hidden = !now || !school.matches;
  if (!now) { school.key = ""; for (const name of ["state", "since", "due", "overdue", "version"]) delete row.dataset[name]; return; }
  const [name, text, , due] = school.rules.states[now.state], state = states[stateOf(school, now.state)];
  const key = [language, name, now.since, due, now.overdue].join(" ");
  row.dataset.version = now.version;
  if (key === school.key) return;
  school.key = key;
  Object.assign(row.dataset, { state: name, since: iso(now.since), due: due === null ? "" : iso(due), overdue: now.overdue ?? "" });
  school.summary.replaceChildren(
    make("span", "who", make("h3", "", foreign(school.name)), make("span", "quiet", code(school.id), data.rules.length > 1 ? " · " : "", data.rules.length > 1 ? foreign(school.rules.roadmap) : "")),
    make("span", "where", make("i", `swatch ${state.tone}`), make("span", "", foreign(title(text)))),
    make("span", "dated", make("span", "", `${word("since")} `, dayNode(now.since)),
      due === null ? null : make("span", "", now.overdue ? make("strong", "late", word("overdue", { n: now.overdue })) : `${word("due")} `, now.overdue ? null : dayNode(due))),
  );
};

// ---- Filters
const wanted = { text: "", roadmap: "", state: null, late: false };
const pieceWords = ([kind, ...rest]) => [...data.kinds[kind], ...data.texts[data.kinds[kind][1]], ...(data.kinds[kind][3] === "file" ? [hex(rest[0]), rest[1], ...rest.slice(2).map(hex)] : rest)];
const hay = (school) => (school.hay ??= [school.id, school.name, school.rules.roadmap, ...school.records.flatMap((record) => [
  record.actor, record.act[0], ...data.texts[record.act[1]], record.hash, ...data.texts[record.role], record.more.b === undefined ? "" : data.names[record.more.b],
  ...(record.more.r ? [record.more.r[0], ...data.texts[record.more.r[1]]] : []),
  ...(record.more.e || []).flatMap((place) => pieceWords(data.pieces[place])),
  JSON.stringify((record.more.f || []).map(([fact, value]) => [data.facts[fact][0], value]))])].join("\n").toLowerCase());
const matching = () => {
  const parts = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const school of schools) {
    const now = school.now;
    school.matches = (!wanted.roadmap || school.rules.roadmap === wanted.roadmap) && (!wanted.late || now?.overdue > 0)
      && (wanted.state === null || (now && stateOf(school, now.state) === wanted.state)) && parts.every((part) => hay(school).includes(part));
  }
};

// ---- The board at the moment
const showStates = () => {
  const counts = states.map(() => [0, 0]);
  let waiting = 0;
  for (const school of schools) {
    if (wanted.roadmap && school.rules.roadmap !== wanted.roadmap) continue;
    if (!school.now) { waiting += 1; continue; }
    const count = counts[stateOf(school, school.now.state)];
    count[0] += 1;
    if (school.now.overdue) count[1] += 1;
  }
  const most = Math.max(1, ...counts.map((one) => one[0]));
  states.forEach((state, place) => {
    const [count, late] = counts[place];
    state.count.textContent = count.toLocaleString(language);
    state.bar.style.width = `${(count / most) * 100}%`;
    state.late.textContent = late ? word("late_short", { n: late }) : "";
    state.button.setAttribute("aria-pressed", String(wanted.state === place));
    state.button.classList.toggle("is-empty", !count);
    state.button.dataset.count = count;
  });
  at("not-yet").hidden = !waiting;
  at("not-yet").replaceChildren(make("span", "", word("not_yet")), make("b", "", waiting.toLocaleString(language)));
};
const show = () => {
  const within = axis.within(cursor), days = new Map();
  for (const school of schools) {
    const now = school.now = standing(school, within), { rules } = school;
    if (now) {
      if (!days.has(rules)) days.set(rules, axis.today(cursor, rules));
      const due = rules.states[now.state][3];
      now.overdue = due === null ? null : Math.max(0, worked(days.get(rules)) - worked(due));
    }
  }
  matching();
  schools.forEach(showRow);
  schools.forEach((school) => { if (school.details.open) mark(school); });
  showStates();
  const shown = schools.filter((school) => !school.row.hidden).length;
  if (!playing) at("shown").textContent = word("shown", { n: shown });
  at("nothing").hidden = shown > 0;
  at("schools").hidden = shown === 0;
  const text = axis.text(cursor), slider = at("slider");
  at("now").replaceChildren(time(text, axis.iso(cursor)));
  slider.value = place();
  slider.setAttribute("aria-valuetext", text);
  at("date").value = iso(axis.dayOf(cursor));
  at("needle").style.left = `${axis.stops.length > 1 ? (place() / (axis.stops.length - 1)) * 100 : 100}%`;
  at("as-of").textContent = word(`as_of_${axisName}`, { moment: text });
};
const place = () => { // the last stop that the moment has reached
  let low = 0, high = axis.stops.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (axis.stops[middle] <= cursor) low = middle; else high = middle - 1;
  }
  return low;
};
const go = (stop) => {
  cursor = axis.stops[Math.max(0, Math.min(axis.stops.length - 1, stop))];
  show();
};

// ---- The strip above the slider: how many schools stood in which state, stop by stop
const drawStrip = () => {
  const columns = Math.min(120, axis.stops.length), strip = at("strip");
  strip.setAttribute("viewBox", `0 0 ${columns} 100`);
  const moments = Array.from({ length: columns }, (_, index) => axis.stops[columns < 2 ? 0 : Math.round((index * (axis.stops.length - 1)) / (columns - 1))]);
  const counts = moments.map(() => states.map(() => 0));
  for (const school of schools) {
    moments.forEach((moment, column) => {
      const now = standing(school, axis.within(moment));
      if (now) counts[column][stateOf(school, now.state)] += 1;
    });
  }
  const bars = [];
  counts.forEach((column, index) => {
    let top = 100;
    column.forEach((count, state) => {
      if (!count) return;
      const height = (count / schools.length) * 100, bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      top -= height;
      for (const [name, value] of Object.entries({ x: index, y: top, width: 1.02, height })) bar.setAttribute(name, value);
      bar.setAttribute("class", states[state].tone);
      bars.push(bar);
    });
  });
  strip.replaceChildren(...bars);
};

// ---- Playing
let playing = null;
const play = (on) => {
  clearInterval(playing);
  playing = null;
  if (on) {
    const last = axis.stops.length - 1, step = Math.max(1, Math.round(last / 80));
    if (place() >= last) go(0);
    playing = setInterval(() => { go(place() + step); if (place() >= last) play(false); }, 350);
  }
  document.body.classList.toggle("is-playing", on);
  at("play").setAttribute("aria-label", word(on ? "pause" : "play"));
  at("play").title = word(on ? "pause" : "play");
  if (!on) show();
};

// ---- Words
const showFacts = () => {
  const facts = at("facts");
  facts.replaceChildren();
  const fact = (key, ...content) => facts.append(make("div", "", make("dt", "", word(key)), make("dd", "", ...content)));
  fact("origin", code(data.origin));
  fact("made", time(momentText(data.made), momentIso(data.made)));
  fact("scope", data.roadmap === null ? word("all_roadmaps") : code(data.roadmap));
  fact("size", `${data.size.toLocaleString(language)} (${word("of_which", { n: recordCount })})`);
  fact("checkpoint", word(data.checkpoint === null ? "no_checkpoint" : "enclosed"));
  at("checkpoint").hidden = data.checkpoint === null;
  at("checkpoint").textContent = data.checkpoint ?? "";
};
const speak = (chosenLanguage) => {
  useLanguage(chosenLanguage);
  document.title = `${word("title")} · ${data.roadmap ?? data.origin}`;
  document.querySelectorAll("[data-t]").forEach((node) => { node.textContent = word(node.dataset.t); });
  document.querySelectorAll("[data-label]").forEach((node) => {
    node.setAttribute("aria-label", word(node.dataset.label));
    if (node.tagName === "BUTTON") node.title = word(node.dataset.label);
  });
  document.querySelectorAll("[data-language]").forEach((node) => node.setAttribute("aria-pressed", String(node.dataset.language === language)));
  at("search").placeholder = word("search_hint");
  const select = at("roadmap"), names = [...new Set(data.rules.map((rules) => rules.roadmap))].sort();
  select.replaceChildren(new Option(word("any"), ""), ...names.map((name) => new Option(name, name)));
  select.value = wanted.roadmap;
  at("roadmap-filter").hidden = names.length < 2;
  states.forEach((state) => { state.name_node.textContent = title(state.text); });
  at("edge-first").textContent = axis.text(axis.stops[0]);
  at("edge-last").textContent = axis.text(axis.stops.at(-1));
  showFacts();
  for (const school of schools) {
    school.filled = false;
    school.body.replaceChildren();
    if (school.details.open) fill(school);
  }
  play(false);
};
states.forEach((state, index) => {
  state.name_node = make("span", "name");
  state.count = make("b", "count");
  state.bar = make("i", state.tone);
  state.late = make("span", "late");
  state.button = make("button", "state", make("i", `swatch ${state.tone}`), state.name_node, state.count, make("span", "bar", state.bar), state.late);
  state.button.type = "button";
  state.button.dataset.state = state.name;
  state.button.addEventListener("click", () => { wanted.state = wanted.state === index ? null : index; show(); });
  at("states").append(make("li", "", state.button));
});
const notYet = make("li", "not-yet");
notYet.id = "not-yet";
at("states").prepend(notYet);

// ---- What a person does
const useAxis = (name) => {
  const day = axis.dayOf(cursor), atEnd = cursor >= axis.stops.at(-1);
  axisName = name;
  axis = axes[name];
  cursor = atEnd ? axis.stops.at(-1) : axis.ofDay(day);
  at("slider").max = axis.stops.length - 1;
  drawStrip();
  speak(language);
};
document.querySelectorAll("[name=axis]").forEach((node) => node.addEventListener("change", () => useAxis(node.value)));
document.querySelectorAll("[data-language]").forEach((node) => node.addEventListener("click", () => speak(node.dataset.language)));
at("slider").addEventListener("input", () => { if (playing) play(false); go(Number(at("slider").value)); });
at("slider").addEventListener("keydown", (event) => { if (event.key === " ") { event.preventDefault(); play(!playing); } });
at("date").addEventListener("change", () => {
  const day = Date.parse(at("date").value) / DAY;
  if (Number.isFinite(day)) { cursor = axis.ofDay(day); play(false); } else show();
});
const stops = { first: () => 0, back: () => (axis.stops[place()] < cursor ? place() : place() - 1), forward: () => (cursor < axis.stops[0] ? 0 : place() + 1), last: () => axis.stops.length - 1 };
for (const [id, stop] of Object.entries(stops)) at(id).addEventListener("click", () => { play(false); go(stop()); });
at("play").addEventListener("click", () => play(!playing));
at("search").addEventListener("input", () => { wanted.text = at("search").value; show(); });
at("roadmap").addEventListener("change", () => { wanted.roadmap = at("roadmap").value; show(); });
at("late").addEventListener("change", () => { wanted.late = at("late").checked; show(); });
at("filters").addEventListener("submit", (event) => event.preventDefault());
at("clear").addEventListener("click", () => {
  Object.assign(wanted, { text: "", roadmap: "", state: null, late: false });
  at("search").value = ""; at("roadmap").value = ""; at("late").checked = false;
  show();
});
// On paper every history is open; afterwards those are that were.
addEventListener("beforeprint", () => {
  play(false);
  for (const school of schools) { school.wasOpen = school.details.open; fill(school); school.details.open = true; }
  at("proves").open = true;
});
addEventListener("afterprint", () => { for (const school of schools) school.details.open = school.wasOpen; });
at("print").addEventListener("click", () => print());

useLanguage(language);
at("slider").max = axis.stops.length - 1;
drawStrip();
speak(language);
document.documentElement.dataset.ready = "";
})().catch((error) => {
  // Browsers of before 2023 cannot unpack, and a file may arrive damaged.
  document.getElementById("failed").hidden = false;
  throw error;
});
