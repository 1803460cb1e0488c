// A compiled RAISE program without RAISE and DSPy: its exported file, and Node 20 without packages.
//
//     node standalone.mjs program.json gpt-4o "Should I quit my job?"
//
// Key and endpoint: OPENAI_API_KEY and OPENAI_BASE_URL. Without a question, talk comes and goes as JSON, a line each.
// docs/portable.md explains the file, and what RAISE checks beyond this.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { all, Guard, hits, Paths, rewrite, rx, whole } from './standalone_parts.mjs';

const PLACE = /\{\{\s*(\w+)\s*\}\}|\{\u2060(?=\u2060*[{%#])/gu;
const TYPES = {
  text: String,
  integer: (value) => (/^[-+]?\d+$/u.test(value) ? Number(value) : fail()),
  boolean: (value) => ({ true: true, false: false })[value.toLowerCase()] ?? fail(),
  object: (value) => JSON.parse(value),
};
const fail = () => { throw new SyntaxError('unreadable'); };
const fill = (template, given) => template.replace(PLACE, (_, name) => (name ? given[name] : '{'));
const strip = (text, more = '') => text.replace(new RegExp(`^[\\s${more}]+|[\\s${more}]+$`, 'gu'), '');

/** A path's safety with one decimal; halves, which are quarters of a whole, go to the even one, as in Python. */
function measured({ value }) {
  const isHalf = Number.isInteger(value * 4) && value * 4 % 2 !== 0;
  return value ? ` (safety ${(isHalf ? Math.round(value * 5) / 5 : value).toFixed(1)})` : '';
}

/** The conversation. */
export class Raise {
  constructor(file, model) {
    Object.assign(this, { file, model, settings: file.settings, machine: file.machine, checks: file.checks });
    Object.assign(this, { patterns: file.checks.patterns, guard: new Guard(file.guard), paths: new Paths(file) });
    this.about = Object.fromEntries(this.machine.attributes.map((attribute) => [attribute.name, attribute]));
    const refused = { 'one call a turn': !this.machine.abstention, 'replies as JSON': file.reply.layout === 'json',
      'embedders other than TF-IDF': this.settings.embedder !== 'tfidf' };
    const [first] = Object.keys(refused).filter((name) => refused[name]);
    if (first) throw new Error(`standalone.mjs does not support ${first}: run this with RAISE.`);
  }

  /** The fields of a reply, none if it cannot be read, and its text. */
  async call(name, inputs) {
    const predictor = this.file.predictors[name], lines = fill(predictor.instructions, {}).split('\n');
    const given = { ...inputs, instructions: lines.map((line) => `\n        ${line}`).join('') };
    const messages = predictor.messages.map(({ role, content }) => ({ role, content: fill(content, given) }));
    const reply = await fetch(`${process.env.OPENAI_BASE_URL ?? 'https://api.openai.com/v1'}/chat/completions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${process.env.OPENAI_API_KEY}` },
      body: JSON.stringify({ model: this.model, messages, ...this.file.sampling }),
    });
    if (!reply.ok) throw new Error(`the endpoint answered ${reply.status}: ${await reply.text()}`);
    let text = (await reply.json()).choices[0].message.content ?? '';
    for (const pattern of this.file.reply.dropped) text = text.replace(rx(pattern, 'gi'), '');
    const [, ...parts] = text.split(rx(this.file.reply.mark)), said = {};
    for (let i = 0; i < parts.length; i += 2) said[parts[i]] ??= parts[i + 1].trim();
    try {
      const read = ({ name: field, type }) => [field, TYPES[type](said[field] ?? fail())];
      return [Object.fromEntries(predictor.outputs.map(read)), text];
    } catch (error) {
      if (error instanceof SyntaxError) return [{}, text];
      throw error;
    }
  }
  oneOf(text, allowed) {
    const plain = text.toLowerCase().replace(/[^a-z]+/gu, '_').replace(/^_+|_+$/gu, '');
    if (allowed.includes(plain)) return plain;
    const longest = Object.keys(this.about).sort((a, b) => b.length - a.length).join('|');
    const named = [...new Set(all(`(?<![a-z])(?:${longest})(?![a-z])`, plain))].filter((name) => allowed.includes(name));
    return named.length === 1 ? named[0] : '';
  }

  /** The whole conversation; `answer` puts a question to the person. */
  async converse(query, answer) {
    const { budget, burdens, never_ask: never } = this.settings, asked = [], declined = new Set(), questions = [];
    let known = {}, words = query;
    for (;;) {
      if (this.guard.acute(words) || await this.isAcute(query, words)) return { reason: 'crisis', response: this.help(), questions, known };
      const left = budget - asked.reduce((total, name) => total + burdens[name], 0);
      const closed = new Set([...Object.keys(known), ...asked, ...declined, ...never]);
      const remaining = Object.keys(this.about).filter((name) => !closed.has(name));
      const allowed = remaining.filter((name) => burdens[name] <= left);
      const choices = this.paths.favoured(query, allowed), paths = this.paths.nearest(query);
      const shown = paths.map((p, i) => `${i + 1}. "${p.query}": ${p.path.join(', ')}${measured(p)}`);
      const given = { query, context: this.context(known), candidates: choices.join(', '),
        examples: shown.join('\n') || this.machine.no_paths };
      let [enough, name, question] = await this.assess(given, choices);
      if (enough || !allowed.length) {
        const reason = enough ? 'sufficient' : remaining.length ? 'budget' : declined.size ? 'declined' : 'exhausted';
        return { reason, response: await this.respond(query, this.context(known)), questions, known };
      }
      if (!name) {
        const chosen = choices.length > 1 ? this.oneOf((await this.call('plan', given))[0].attribute ?? '', choices) : '';
        const planned = paths.flatMap((path) => path.path).filter((one) => choices.includes(one));
        name = chosen || [...planned, ...choices][0];
      }
      question = await this.phrase(given, name, question, questions);
      words = await answer(question);
      questions.push(question);
      asked.push(name);
      const [facts, refused] = await this.hear(words, name, question);
      if (refused && !(name in facts)) declined.add(name);
      known = { ...facts, ...known };
    }
  }

  async isAcute(query, words) {
    const said = this.fold((await this.call('triage', { query, latest_words: words }))[0].danger ?? '');
    return hits(this.guard.patterns, 'acute', said) && !hits(this.guard.patterns, 'not_acute', said);
  }
  help() {
    const { contacts, reply } = this.guard.data;
    return fill(reply, { contacts: contacts[this.settings.country.trim().toUpperCase()] ?? contacts[''] });
  }
  context(known) {
    const lines = Object.values(this.about).filter(({ name }) => name in known);
    return lines.map(({ name, label }) => `- ${label}: ${known[name]}`).join('\n') || this.machine.nothing_known;
  }

  /** Whether enough is known; what to ask about, and how, if the reply says so. */
  async assess(given, choices) {
    const way = this.machine.abstention;
    let votes = 0, said = '', reply = {};
    for (let i = 0; i < way.samples; i += 1) {
      [reply] = await this.call('abstain', given);
      said = strip(strip(String(reply[way.field] ?? '')), '.!*"\'').toLowerCase();
      votes += whole(way.enough, said);
    }
    const names = way.names === way.field || whole(`${way.enough}|${way.ask}`, said);
    const name = names ? this.oneOf(String(reply[way.names] ?? ''), choices) : '';
    const enough = votes >= way.agreement * way.samples && !(name && way.names === way.field);
    return [enough, name, name ? String(reply[way.question] ?? '').trim() : ''];
  }

  /** The question; a plain one if the model's cannot be put or misses the attribute. */
  async phrase(given, name, question, earlier) {
    const { phrasing: how } = this.settings, { subject, plain_questions: plain } = this.about[name];
    if (how !== 'plain' && !question) question = ((await this.call('ask', { ...given, subject }))[0].question ?? '').trim();
    const folded = this.fold(question), put = question && !earlier.includes(question);
    const fits = hits(this.patterns, 'asks', folded) && hits(this.checks.questions, name, folded);
    const fine = put && !hits(this.patterns, 'technical', question.toLowerCase()) && (fits || how === 'model');
    return fine && how !== 'plain' ? question : plain.en;
  }

  /** Facts that rest on words of the answer, and whether the person declines. */
  async hear(answer, name, question) {
    const { numbers, values, subjects } = this.checks, { patterns } = this;
    const refused = answer.split(/\s+/u).filter(Boolean).length <= numbers.refusal_words && this.refuses(answer);
    const parts = answer.split(rx(patterns.clause, 'gi'));
    const clauses = parts.filter((part) => this.content(part).length && !this.isSilent(part));
    if (!clauses.length) return [{}, refused];
    const value = this.trim(this.trim(clauses[0]).replace(rx(patterns.opener, 'i'), ''));
    const short = clauses.length === 1 && this.content(value).length <= numbers.plain_words;
    if (short && hits(values, name, this.fold(value)) && hits(patterns, 'plain', value)) return [{ [name]: value }, refused];
    const [reply] = await this.call('read', { question, answer, attributes: this.machine.attribute_names });
    const facts = {}, said = new Set(clauses.flatMap((clause) => this.content(clause)));
    const isSaid = (text) => this.content(text).every((word) => said.has(word));
    for (const [about, fact] of Object.entries(reply.facts ?? {})) {
      const text = strip(String(fact ?? '')).replace(/\s+/gu, ' '), quote = this.trim(String(reply.quotes[about] ?? ''));
      const held = [quote, text].find((one) => this.content(one).length && isSaid(one)) ?? '';
      const told = about === name || hits(subjects, about, this.fold(held));
      if (!(about in this.about) || !held || !told || rx(patterns.no_value, 'i').test(text)) continue;
      facts[about] = isSaid(text) ? text : held;
    }
    return [facts, refused || reply.declined === true];
  }

  /** The answer; asked for once more if it is none. */
  async respond(query, context) {
    let first = '';
    for (const note of ['', `\n${this.checks.again}`]) {
      const [reply, raw] = await this.call('respond', { query, context: context + note });
      const text = (reply.response ?? raw).trim(), folded = this.fold(text);
      const mine = hits(this.patterns, 'first_person', folded.replace(rx(this.patterns.aside), ' '));
      const wrong = (mine && !hits(this.patterns, 'addressed', folded)) || hits(this.patterns, 'structure', text);
      if (text && !wrong && !hits(this.patterns, 'of_the_person', folded)) return text;
      first ||= text;
    }
    return first;
  }

  fold(text) { return rewrite(text, this.checks.fold); }
  trim(text) { return strip(text).replace(/\s+/gu, ' ').replace(rx(this.patterns.edges), ''); }
  content(text) { return all(this.patterns.word, this.fold(text)).filter((word) => !rx(this.patterns.empty).test(word)); }
  refuses(text) { return rx(this.patterns.refusal, 'i').test(text.replaceAll('\u2019', "'")); }
  isSilent(clause) { return this.refuses(clause) || hits(this.patterns, 'doubt', this.trim(this.fold(clause))); }
}

const [path, model, query] = process.argv.slice(2);
const program = new Raise(JSON.parse(readFileSync(path, 'utf8')), model);
const typed = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => (await typed.next()).value;
const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
if (query) {
  const ask = async (question) => { console.log(question); return next(); };
  console.log((await program.converse(query, ask)).response);
  process.exit();
}
for (let line = await next(); line !== undefined; line = await next()) {
  tell(await program.converse(JSON.parse(line), async (question) => { tell({ question }); return JSON.parse(await next()); }));
}
