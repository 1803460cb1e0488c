// The chat page: keeps the messages of one conversation, sends all of them with each turn, and shows what comes back.
// What anybody says becomes text, never markup.
"use strict";

const KEPT = "raise-chat";
const KEY = "raise-key";
const FRESH = { messages: [], told: null };

const $ = (id) => document.getElementById(id);
const log = $("log");
const words = $("words");

let state = read();
let busy = false;
let texts = {}; // by language
let now = null; // those of the language that the page speaks

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) || { ...FRESH };
  } catch {
    return { ...FRESH };
  }
}

// In this tab only, until it is closed: a reload keeps the conversation.
function keep() {
  sessionStorage.setItem(KEPT, JSON.stringify(state));
}

// The page speaks the language of the conversation; before there is one, the browser's.
function speak(language) {
  const ours = navigator.languages.map((each) => each.toLowerCase().split("-")[0]).find((each) => texts[each]);
  const code = texts[language] ? language : ours || "en";
  now = texts[code];
  document.documentElement.lang = code;
  document.documentElement.dir = now.right_to_left ? "rtl" : "ltr";
  for (const each of document.querySelectorAll("[data-text]")) each.textContent = now[each.dataset.text];
  words.placeholder = now.message;
  const [before, after] = now.note.split("{link}");
  $("line").textContent = now.link;
  $("note").replaceChildren(before, $("line"), after);
}

function element(name, classes, text) {
  const made = document.createElement(name);
  made.className = classes || "";
  if (text !== undefined) made.textContent = text;
  return made;
}

function button(text, act) {
  const made = element("button", "", text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

// A message in the log; returns the paragraph that holds its text.
function show(role, text) {
  const said = element("article", `said ${role}`);
  said.append(element("span", "unseen", role === "user" ? now.you : "RAISE:"));
  const paragraph = element("p", "", text);
  paragraph.dir = "auto";
  said.append(paragraph);
  log.append(said);
  log.scrollTop = log.scrollHeight;
  return paragraph;
}

// What belongs to the newest reply: choices under a question, a heading on help, what is known.
function dress(paragraph, told) {
  document.querySelectorAll(".choices").forEach((old) => old.remove());
  const said = paragraph.parentElement;
  speak(told && told.language);
  if (told && told.crisis) {
    said.classList.add("help");
    said.prepend(element("h2", "", now.help));
  } else {
    showKnown(told);
  }
  if (told && told.move === "ask") {
    const choices = element("div", "choices");
    const why = button(now.why, () => {
      why.remove();
      said.insertBefore(element("p", "why", now.because.replace("{about}", () => told.why)), choices);
      choices.scrollIntoView({ block: "nearest" });
    });
    choices.append(why, button(now.skip, () => say(now.decline)));
    said.append(choices);
  }
  log.scrollTop = said.offsetTop - log.offsetTop - 12; // a long reply is read from its beginning
}

function showKnown(told) {
  const facts = $("facts");
  facts.replaceChildren();
  const known = Object.entries((told && told.known) || {});
  const declined = ((told && told.declined) || []).map((name) => [name, now.declined]);
  for (const [name, value] of [...known, ...declined]) {
    const shown = element("dd", "", value);
    shown.dir = "auto";
    facts.append(element("dt", "", now === texts.en ? name.replaceAll("_", " ") : now.about[name]), shown);
  }
  $("nothing").hidden = facts.children.length > 0;
}

function tell(text, wrong) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", Boolean(wrong));
}

function setBusy(is) {
  busy = is;
  log.setAttribute("aria-busy", String(is));
  for (const each of document.querySelectorAll("button, select")) each.disabled = is;
}

// A request with the key, which is asked for when the server wants one.
async function ask(path, options) {
  for (;;) {
    const key = sessionStorage.getItem(KEY);
    const headers = { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) };
    const reply = await fetch(path, { ...options, headers });
    if (reply.status !== 401) return reply;
    await askKey();
  }
}

function askKey() {
  const dialog = $("ask-key");
  return new Promise((done) => {
    $("key-form").onsubmit = () => {
      sessionStorage.setItem(KEY, $("key").value);
      $("key").value = "";
      done();
    };
    dialog.oncancel = (event) => event.preventDefault();
    dialog.showModal();
  });
}

// The data of server-sent events, one object after the other.
async function* events(reply) {
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const whole = rest.split("\n\n");
    rest = whole.pop();
    for (const one of whole) {
      if (one.startsWith("data: ") && one !== "data: [DONE]") yield JSON.parse(one.slice(6));
    }
  }
}

async function say(text) {
  if (busy || !text.trim()) return;
  setBusy(true);
  await ready.catch(() => {});
  if (!now) return setBusy(false); // start() has told why
  const earlier = state;
  state = { messages: [...earlier.messages, { role: "user", content: text.trim() }], told: earlier.told };
  $("welcome").hidden = true;
  const own = show("user", text.trim());
  words.value = "";
  tell(now.thinking);
  let paragraph = null;
  try {
    const body = { model: $("model").value, messages: state.messages, stream: true, x_raise: true };
    const reply = await ask("v1/chat/completions", { method: "POST", body: JSON.stringify(body) });
    if (!reply.ok) throw new Error((await reply.json()).error.message);
    let heard = "";
    let told = null;
    for await (const chunk of events(reply)) {
      if (chunk.error) throw new Error(chunk.error.message);
      told = chunk.x_raise || told;
      const more = (chunk.choices[0] && chunk.choices[0].delta.content) || "";
      if (!more) continue;
      heard += more;
      paragraph = paragraph || show("assistant", "");
      paragraph.textContent = heard;
      log.scrollTop = log.scrollHeight;
    }
    if (!told) throw new Error("the connection was lost.");
    state = { messages: [...state.messages, { role: "assistant", content: heard }], told };
    keep();
    setBusy(false);
    dress(paragraph, told);
    tell("");
  } catch (error) {
    own.parentElement.remove();
    if (paragraph) paragraph.parentElement.remove();
    state = earlier;
    words.value = text;
    setBusy(false);
    tell(now.failed.replace("{error}", () => error.message), true);
  }
  words.focus();
}

function startOver() {
  state = { ...FRESH };
  keep();
  if (now) speak(null);
  log.querySelectorAll(".said").forEach((old) => old.remove());
  $("welcome").hidden = false;
  showKnown(null);
  tell("");
  words.focus();
}

function restore() {
  speak(state.told && state.told.language);
  let last = null;
  for (const message of state.messages) last = show(message.role, message.content);
  $("welcome").hidden = state.messages.length > 0;
  if (last) dress(last, state.told);
}

async function listModels() {
  const reply = await ask("v1/models?x_raise=true");
  for (const model of (await reply.json()).data) {
    const option = element("option", "", model.id);
    const asks = model.x_raise.questions;
    if (asks !== null) option.textContent += ` (${asks.toFixed(1)} questions)`;
    option.value = model.id;
    $("model").append(option);
  }
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  say(words.value);
});
words.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    say(words.value);
  }
});
$("new").addEventListener("click", startOver);
if (matchMedia("(max-width: 48rem)").matches) $("known").open = false;

async function load() {
  texts = await (await fetch("texts.json")).json();
  restore();
}

// Whoever writes before it has loaded is answered when it has.
const ready = load();

async function start() {
  await ready;
  words.focus();
  await listModels().catch(() => tell(now.unreachable, true));
}

start().catch(() => tell("The server cannot be reached.", true));
