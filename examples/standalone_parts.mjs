// Parts of standalone.mjs: the rules in which an exported file has spelling, its planned paths, and its crisis floor.
// docs/portable.md explains the file.

const LETTER = '\\p{L}\\p{N}_';
const CLASSES = { '\\w': `[${LETTER}]`, '\\W': `[^${LETTER}]`, '\\d': '\\p{Nd}', '\\D': '\\P{Nd}',
  '\\b': `(?:(?<=[${LETTER}])(?![${LETTER}])|(?<![${LETTER}])(?=[${LETTER}]))` };
const compiled = {};

/** A pattern of the file as JavaScript has it: \w, \d and \b of all scripts. */
export function rx(pattern, flags = 'g') {
  const known = compiled[flags] ??= new Map(); // by flags: keys put together anew would be hashed anew, and are long
  if (!known.has(pattern)) {
    const source = pattern.replace(/\[\^?(?:\\.|[^\]\\])*\]|\\[\s\S]/gu, (part) => part.startsWith('[')
      ? part.replaceAll('\\w', LETTER).replaceAll('\\d', '\\p{Nd}')
      : CLASSES[part] ?? part);
    known.set(pattern, new RegExp(source, flags + 'u'));
  }
  const found = known.get(pattern);
  found.lastIndex = 0;
  return found;
}

export const whole = (pattern, text) => rx(`^(?:${pattern})$`).test(text);
export const hits = (patterns, name, text) => name in patterns && rx(patterns[name]).test(text);
export const all = (pattern, text) => text.match(rx(pattern)) ?? [];
const isAscii = (text) => !/[^\u0000-\u007f]/u.test(text);
const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);
const pairwise = (list) => list.slice(1).map((next, i) => [list[i], next]);
const combinations = (list) => list.flatMap((a, i) => list.slice(i + 1).map((b) => [a, b]));

const RULES = {
  map: (text, table) => [...text].map((letter) => table[letter] ?? letter).join(''),
  normalize: (text, form) => text.normalize(form),
  lower: (text) => text.toLowerCase(),
  replace: (text, pattern, fresh) => text.replace(rx(pattern), () => fresh),
  words: (text, table) => (Object.hasOwn(table, text) ? table[text] : text),
  within: (text, pattern, rules) => text.replace(rx(pattern), (found) => rewrite(found, rules)),
  first: (text, some) => rewrite(text, some.find(([pattern]) => rx(pattern).test(text))?.[1] ?? []),
};

/** The text with the rules applied, one after the other. */
export function rewrite(text, rules) {
  for (const [rule, ...given] of rules) text = RULES[rule](text, ...given);
  return text;
}

/** Planned paths, found by TF-IDF. */
export class Paths {
  constructor(file) {
    Object.assign(this, { paths: file.paths, data: file.retrieval, settings: file.settings });
    const counts = this.paths.map((path) => this.counts(path.query || this.data.no_query));
    const found = new Map();
    for (const count of counts) for (const term of count.keys()) found.set(term, (found.get(term) ?? 0) + 1);
    this.idf = new Map([...found].map(([term, n]) => [term, Math.log((1 + counts.length) / (1 + n)) + 1]));
    this.rows = counts.map((count) => this.row(count));
  }

  counts(text) { // words and pairs of words, stop words left out
    const words = all(this.data.token, rewrite(text, this.data.fold)).filter((w) => !this.data.stop_words.includes(w));
    const counts = new Map();
    for (const term of [...words, ...pairwise(words).map((pair) => pair.join(' '))]) counts.set(term, (counts.get(term) ?? 0) + 1);
    return counts;
  }
  row(counts) {
    const known = [...counts].filter(([term]) => this.idf.has(term));
    const row = known.map(([term, n]) => [term, (1 + Math.log(n)) * this.idf.get(term)]);
    const length = Math.sqrt(sum(row.map(([, value]) => value * value))) || 1;
    return new Map(row.map(([term, value]) => [term, value / length]));
  }
  alike(query) {
    const asked = this.row(this.counts(query));
    return this.rows.map((row) => sum([...row].map(([term, value]) => value * (asked.get(term) ?? 0))));
  }
  nearest(query) {
    const alike = this.alike(query);
    const order = this.paths.map((_, i) => i).sort((a, b) => alike[b] - alike[a]).filter((i) => this.paths[i].query);
    return order.slice(0, this.settings.retrieved).map((i) => this.paths[i]).sort((a, b) => b.value - a.value);
  }
  favoured(query, allowed) { // what may be chosen: all, or what all paths together name earliest
    const most = this.settings.shortlist;
    if (!most || allowed.length <= most) return allowed;
    const alike = this.alike(query), votes = Object.fromEntries(allowed.map((name) => [name, 0]));
    this.paths.forEach((path, i) => path.path.filter((name) => name in votes).forEach((name, place) => {
      votes[name] += (this.data.far + Math.max(0, alike[i])) * this.data.later ** place;
    }));
    if (!Object.values(votes).some(Boolean)) return allowed;
    return [...allowed].sort((a, b) => votes[b] - votes[a]).slice(0, most);
  }
}

/** The crisis floor: phrases of danger in many languages, and weights of words for what no phrase states. */
export class Guard {
  constructor(data) {
    Object.assign(this, { data, numbers: data.numbers, patterns: data.patterns });
  }

  acute(text) {
    const { chunk, overlap, short } = this.numbers, letters = [...text], folds = [];
    for (let i = 0; i < Math.max(1, letters.length - overlap); i += chunk - overlap)
      folds.push(rewrite(letters.slice(i, i + chunk).join(''), this.data.fold));
    const read = folds.map((fold) => this.data.languages.flatMap((tongue) => this.statements(tongue, fold)));
    return read.some((found) => found.includes(true)) // a short denial is not weighed
      || folds.some((fold, i) => (!read[i].length || [...fold].length > short) && this.isHeavy(fold));
  }

  statements(tongue, fold) { // for each statement of danger whether it stands
    if (!tongue.spaced && isAscii(fold)) return [];
    let text = rewrite(fold, this.data[tongue.language === 'en' ? 'english' : 'international']);
    for (const { how, pattern } of tongue.families) if (how === 'idiom') text = text.replace(rx(pattern), this.data.mask);
    return tongue.families.filter(({ how }) => ['stated', 'done', 'standing'].includes(how)).flatMap((family) =>
      [...text.matchAll(rx(family.pattern))].map((found) => !this.isTakenBack(tongue, family, text, found.index, found[0])));
  }

  isTakenBack(tongue, family, text, begin, said) {
    const { sentence, clause: clauses, link, reported } = this.patterns, { look_back: back, near } = this.numbers;
    const end = begin + said.length, { how } = family;
    const lead = text.slice(Math.max(0, begin - back), begin).split(rx(sentence)).at(-1);
    const rest = text.slice(end, end + back).split(rx(sentence))[0], start = begin - lead.length;
    const clause = rx(`^(?:${clauses})`).test(said) ? '' : lead.split(rx(clauses)).at(-1);
    const around = text.slice(Math.max(start, begin - near), end) + rest.slice(0, near);
    const when = how === 'stated' ? clause + said + rest.split(rx(clauses))[0] : around;
    if (hits(tongue, 'past', when) || hits(tongue, 'said_by', text.slice(start, begin + 40))) return true;
    if (family.writer) {
      const between = lead.split(rx(tongue.topic ?? '(?!)')).at(-1);
      if (between !== lead && (!rx(link).test(between) || rx(reported).test(between))) return true;
    } else if (hits(tongue, 'topic', text.slice(Math.max(0, start - 120), end) + rest)) return true;
    if (how === 'standing') return false;
    if (hits(tongue, 'not_after', text.slice(end, end + 15))) return true;
    const own = said.split(rx(clauses)).at(-1);
    const before = tongue.spaced ? clause.split(/\s+/u).filter(Boolean).slice(-4).join(' ') : clause.slice(-6);
    const words = how === 'done' || !tongue.spaced ? before : own === said ? `${before} ${own}` : own;
    return hits(tongue, 'not', words.replace(rx(tongue.not_kept ?? '(?!)'), ''));
  }

  isHeavy(fold) { // whether the words of the heaviest window weigh more than they may
    const half = this.numbers.window / 2, words = all(this.patterns.letters, fold.replaceAll("'", ''));
    const common = words.filter((word) => this.data.common_english.includes(word)).length;
    const english = common > this.numbers.common_share * words.length || (isAscii(fold) && !this.abroad(fold).size);
    const weights = this.data.weights[english ? 'english' : 'others'], pieces = fold.length > 3 * half ? [] : [fold];
    for (let start = 0; fold.length > 3 * half && start < fold.length - half; start += half) {
      const stop = start + 2 * half, space = fold.slice(start, stop).indexOf(' ');
      const last = stop < fold.length ? fold.slice(0, stop).lastIndexOf(' ') : fold.length;
      pieces.push(fold.slice(start && space >= 0 ? start + space + 1 : start, last < start ? stop : last));
    }
    const scores = pieces.filter(() => words.length !== 1 || !common).map((piece) => this.score(weights, piece, english));
    return Math.max(...scores) - this.numbers.caution * Math.log2(pieces.length) > weights.threshold;
  }
  score(weights, fold, english) {
    return weights.bias + sum([['words', this.words(fold)], ['concepts', english ? this.concepts(fold) : []]].map(([block, names]) => {
      const known = [...names].filter((name) => Object.hasOwn(weights[block], name)).map((name) => weights[block][name]);
      return known.length ? sum(known.map(([w]) => w)) / Math.sqrt(sum(known.map(([, r]) => r * r))) : 0;
    }));
  }
  words(fold) {
    const tongue = this.data.languages[0], text = rewrite(fold, this.data.english), words = all(this.patterns.word, text);
    const some = tongue.families.filter((f) => ['sign', 'ordinary', 'idiom'].includes(f.how) && rx(f.pattern).test(text));
    const signs = some.map((family) => `<${family.name}>`);
    if (this.statements(tongue, fold).includes(false)) signs.push('<taken back>');
    signs.push(...['past', 'topic'].filter((name) => hits(tongue, name, text)).map((name) => `<${name}>`));
    const foreign = [...this.abroad(fold)].map((sign) => `<${sign}, abroad>`).sort();
    const pairs = [...pairwise(words), ...combinations(signs), ...combinations(foreign)].map((pair) => pair.join(' '));
    const pieces = all(this.patterns.unspaced, text).flatMap((run) =>
      [1, 2, 3].flatMap((n) => [...run].slice(n - 1).map((_, i) => run.slice(i, i + n))));
    return new Set([...words, ...signs, ...foreign, ...pairs, ...pieces]);
  }
  abroad(fold) {
    const text = rewrite(fold, this.data.international), { words, phrases, pieces } = this.data.signs;
    const found = all(this.patterns.word, text).flatMap((word) => (Object.hasOwn(words, word) ? words[word] : []));
    for (const table of isAscii(text) ? [phrases] : [phrases, pieces]) {
      for (const [part, signs] of Object.entries(table)) if (text.includes(part)) found.push(...signs);
    }
    return new Set(found);
  }

  concepts(fold) {
    const found = new Set(), near = this.numbers.concepts_near;
    for (const sentence of rewrite(fold, this.data.english).split(/[.!?\n]/u)) {
      const words = all(this.patterns.concept_token, sentence), line = words.join(' ');
      let at = 0;
      const tags = words.map((word) => {
        const place = at;
        at += word.length + 1;
        return Object.entries(this.data.concepts).filter(([, pattern]) => {
          const here = rx(pattern, 'y');
          here.lastIndex = place;
          return here.test(line);
        }).map(([name]) => name);
      });
      const held = [...new Set(tags.flat())].sort();
      held.forEach((name) => found.add(`<${name}>`));
      combinations(held).forEach(([a, b]) => found.add(`${a}+${b}`));
      tags.forEach((ones, i) => ones.forEach((a) => {
        tags.slice(i + 1, i + 1 + near).flat().forEach((b) => found.add(`${a}>${b}`));
        if (i + 1 < words.length) found.add(`<${a}>_${words[i + 1]}`);
        if (i) found.add(`${words[i - 1]}_<${a}>`);
      }));
    }
    return found;
  }
}
