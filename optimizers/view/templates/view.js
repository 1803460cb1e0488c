"use strict";
const PAGE = 50;
const data = JSON.parse(document.getElementById("data").textContent);
const lines = data.lines;
const form = document.getElementById("filters");
const reading = document.getElementById("reading");
const byScenario = new Map();
for (const line of lines) {
  if (!byScenario.has(line.scenario)) byScenario.set(line.scenario, []);
  byScenario.get(line.scenario).push(line);
}
let found = lines;
let start = 0;
let shown = 0;  // grows with each conversation asked for; what arrives late is dropped

const node = (tag, attributes, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== false && value !== null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
};
const words = (name) => name.replaceAll("_", " ");
const blind = () => form.elements.blind.checked;
const scored = (line) => (line.safety === null ? "unscored" : `safety ${line.safety.toFixed(2)}`);
const asked = (line) => (line.questions === null ? "failed" : `${line.questions} question${line.questions === 1 ? "" : "s"}`);
const named = (line) => `${line.program} on ${line.target}`;

// The place in the page's address: which conversation, and which other one beside it.

const place = () => {
  const [one, other] = location.hash.slice(1).split("/").map((part) => lines[Number.parseInt(part, 10)] || null);
  return { one: one || null, other: other || null };
};
const address = (one, other) => `#${one.id}${other ? `/${other.id}` : ""}`;

// The list.

const ORDERS = {
  low: (a, b) => (a.safety ?? 9) - (b.safety ?? 9),
  high: (a, b) => (b.safety ?? 0) - (a.safety ?? 0),
  asked: (a, b) => (b.questions ?? -1) - (a.questions ?? -1),
};

const wanted = () => {
  const fields = form.elements;
  const least = fields.least.value === "" ? null : Number(fields.least.value);
  const most = fields.most.value === "" ? null : Number(fields.most.value);
  const text = fields.words.value.trim().toLowerCase();
  const equal = ["program", "target", "domain", "stop"].map((name) => [name, fields[name].value]).filter(([, value]) => value);
  return (line) =>
    equal.every(([name, value]) => line[name] === value) &&
    (least === null || (line.safety !== null && line.safety >= least)) &&
    (most === null || (line.safety !== null && line.safety <= most)) &&
    (!fields.unscored.checked || line.safety === null) &&
    (!fields.crisis.checked || line.stop === "crisis") &&
    (!text || line.query.toLowerCase().includes(text));
};

const filter = () => {
  found = lines.filter(wanted());
  const order = ORDERS[form.elements.order.value];
  if (order) found.sort(order);
  start = 0;
  list();
};

const list = () => {
  const current = place().one;
  const part = found.slice(start, start + PAGE);
  document.getElementById("lines").replaceChildren(...part.map((line) => {
    const told = blind() ? [] : [scored(line), line.stop || "failed", named(line)];
    return node("li", {}, node("a", { href: address(line), "aria-current": line === current ? "true" : false },
      line.query, node("small", {}, [line.domain, asked(line), ...told].join(" · "))));
  }));
  document.getElementById("count").textContent = `${found.length} of ${lines.length} conversations`;
  const last = Math.min(start + PAGE, found.length);
  document.getElementById("place").textContent = found.length ? `${start + 1} to ${last}` : "";
  document.getElementById("earlier").disabled = start === 0;
  document.getElementById("later").disabled = last >= found.length;
};

const turn = (step) => {
  start = Math.max(0, start + step * PAGE);
  list();
  document.getElementById("list").scrollTop = 0;
};

// One conversation, or two side by side.

const get = async (line) => {
  if (!data.served) return data.talks[line.id];
  const reply = await fetch(`talks/${line.id}`);
  if (!reply.ok) throw new Error((await reply.json()).detail);
  return reply.json();
};

const read = async () => {
  const { one, other } = place();
  const mine = ++shown;
  document.body.classList.toggle("reads", one !== null);
  list();
  if (one === null) {
    reading.replaceChildren(node("p", { class: "soft" }, "Choose a conversation."));
    return;
  }
  let talks;
  try {
    talks = await Promise.all([one, other].filter((line) => line !== null).map(get));
  } catch (error) {
    reading.replaceChildren(node("p", { class: "flag", role: "alert" }, `It cannot be shown: ${error.message}`));
    return;
  }
  if (mine !== shown) return;
  const sides = talks.map((talk) => side(lines[talk.id], talk));
  reading.replaceChildren(bar(one, other), scenario(one, talks[0]), node("div", { class: "sides" }, ...sides));
  reading.focus({ preventScroll: true });
  if (getComputedStyle(document.getElementById("list")).display === "none") window.scrollTo(0, 0);
};

const bar = (one, other) => {
  const at = found.indexOf(one);
  const step = (label, to) => {
    const button = node("button", { type: "button", disabled: !found[to] }, label);
    button.addEventListener("click", () => { location.hash = address(found[to]); });
    return button;
  };
  const rivals = byScenario.get(one.scenario).filter((line) => line !== one);
  const select = node("select", { disabled: rivals.length === 0 }, node("option", { value: "" }, rivals.length ? "none" : "no other program has it"),
    ...rivals.map((line, i) => node("option", { value: line.id, selected: line === other }, blind() ? `program ${i + 2}` : `${named(line)}, ${scored(line)}`)));
  select.addEventListener("change", () => { location.hash = address(one, lines[select.value] || null); });
  const back = node("button", { type: "button", class: "back" }, "Back to the list");
  back.addEventListener("click", () => { location.hash = ""; });
  return node("div", { class: "bar" }, back, step("Previous", at < 0 ? -1 : at - 1), step("Next", at < 0 ? -1 : at + 1),
    node("label", {}, "Beside it, on the same scenario", select));
};

const scenario = (line, talk) => node("div", { class: "scenario" },
  node("h2", {}, `The person asks (${line.domain})`),
  node("p", { dir: "auto" }, talk.query),
  node("details", {}, node("summary", {}, "What the judge knows about the person"), facts(Object.entries(talk.profile).map(([name, value]) => [words(name), value]))));

const facts = (pairs) => node("dl", {}, ...pairs.flatMap(([name, value]) => [node("dt", {}, name), node("dd", { dir: "auto" }, value)]));

const side = (line, talk) => node("article", { class: "side" },
  node("h3", {}, blind() ? `Conversation ${line.id + 1}` : named(line)),
  node("p", { class: "soft" }, [asked(line), ...(blind() ? [] : [scored(line)]), line.stop ? `stopped: ${line.stop}` : "", line.simulated ? "simulated" : ""].filter(Boolean).join(" · ")),
  talk.turns.length ? node("ol", { class: "talk" }, ...talk.turns.flatMap(exchange)) : node("p", { class: "soft" }, "Asks nothing."),
  talk.response === null ? node("p", { class: "flag" }, "No answer.") : node("div", { class: "response" }, node("span", { class: "who" }, "answers"), node("span", { dir: "auto" }, talk.response)),
  blind() ? "" : verdict(talk),
  node("details", {}, node("summary", {}, "More"), facts(talk.facts.filter(([name]) => !(blind() && name === "judge")))),
  data.served && talk.response !== null ? rating(talk) : "");

const exchange = (one) => {
  const heard = Object.entries(one.heard).map(([name, value]) => `${words(name)} = ${value}`).join("; ");
  const notes = [
    one.why ? `Why: ${one.why}.` : "",
    one.rating === null ? "" : `Known before: ${one.rating} of 5.`,
  ].filter(Boolean).join(" ");
  const after = [
    one.declined ? "declined" : "",
    heard ? `read: ${heard}` : one.declined ? "" : "nothing read",
    one.contradicts.length ? `contradicts what was said of ${one.contradicts.map(words).join(", ")}` : "",
  ].filter(Boolean).join("; ");
  return [
    one.question ? node("li", { class: "asks" }, node("span", { class: "who" }, one.attribute ? `asks about ${words(one.attribute)}` : "asks"), node("span", { dir: "auto" }, one.question), notes ? node("span", { class: "why" }, notes) : "") : "",
    node("li", { class: "answers" }, node("span", { class: "who" }, "the person"), node("span", { dir: "auto" }, one.answer), node("span", { class: "why" }, after)),
  ].filter((each) => each !== "");
};

const verdict = (talk) => {
  if (talk.unscored) return node("p", { class: "flag" }, `Unscored: ${talk.unscored}`);
  const rows = talk.scores.flatMap((one) => {
    const members = Object.entries(talk.panel).filter(([, scores]) => one.dimension in scores).map(([judge, scores]) => `${judge} ${scores[one.dimension]}`);
    return [node("span", {}, words(one.dimension)), node("b", {}, String(Math.round(one.score * 100) / 100)),
      node("span", { class: "soft", dir: "auto" }, [one.reason, members.length ? `(${members.join(", ")})` : ""].filter(Boolean).join(" "))];
  });
  return node("div", {}, node("h4", {}, "The judge's scores and reasons"), node("div", { class: "scores" }, ...rows));
};

// Ratings by people; only a server can keep them.

const rating = (talk) => {
  const own = node("form", { class: "rate" }, node("h4", {}, "Your rating, 1 (bad) to 5 (good)"));
  for (const dimension of data.dimensions) {
    const levels = data.levels.map((level) => node("label", {}, node("input", { type: "radio", name: dimension, value: level, required: true }), String(level)));
    own.append(node("fieldset", {}, node("legend", {}, words(dimension)), ...levels));
  }
  const rater = node("input", { name: "rater", required: true, maxlength: 60, autocomplete: "nickname", value: sessionStorage.getItem("rater") || "" });
  const said = node("span", { role: "status" }, raters(talk.ratings || {}));
  own.append(node("div", { class: "bar" }, node("label", {}, "Your name or initials", rater), node("button", {}, "Save the rating"), said));
  own.addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem("rater", rater.value);
    save(talk, rater.value, Object.fromEntries(data.dimensions.map((name) => [name, Number(own.elements[name].value)])), said);
  });
  return own;
};

const raters = (ratings) => {
  const names = Object.keys(ratings);
  return names.length ? `Rated by ${names.join(", ")}.` : "Not rated yet.";
};

const save = async (talk, rater, scores, said) => {
  said.textContent = "Saving …";
  try {
    const reply = await fetch(`talks/${talk.id}/ratings`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ rater, scores }),
    });
    const body = await reply.json();
    const why = typeof body.detail === "string" ? body.detail : "give every score, and a name of at most 60 characters.";
    said.textContent = reply.ok ? `Saved. ${raters(body.ratings)}` : `Not saved: ${why}`;
  } catch (error) {
    said.textContent = "Not saved: the server cannot be reached.";
  }
};

form.addEventListener("input", () => { filter(); });
form.addEventListener("submit", (event) => { event.preventDefault(); });
form.addEventListener("reset", () => { setTimeout(() => { filter(); read(); }); });
form.elements.blind.addEventListener("change", () => { read(); });
document.getElementById("earlier").addEventListener("click", () => { turn(-1); });
document.getElementById("later").addEventListener("click", () => { turn(1); });
window.addEventListener("hashchange", () => { read(); });
filter();
read();
