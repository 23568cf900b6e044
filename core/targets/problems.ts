/**
 * What a schema holds against a value, as lines for people. The schemas' own messages say what is expected, as a noun
 * (`an absolute path to a file…`); where they say nothing, the words are made here.
 */
import leven from 'leven';
import type * as z from 'zod/mini';
import { keysAt, schemaAt, valueAt } from './schema-at.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

interface Judged {
  readonly schema: z.core.$ZodType;
  readonly input: unknown;
}

/** One line for each thing that is wrong: where, what is expected, what is there. At one place the first only. */
export function problemLines(judged: Judged, issues: readonly Issue[]): string[] {
  const lines = new Map<string, string>();
  for (const { path, words } of issues.flatMap((issue) => problemsOf(judged, issue, []))) {
    const where = pathText(path);
    if (!lines.has(where)) lines.set(where, `${where === '' ? '' : `${where}: `}${words}`);
  }
  return [...lines.values()];
}

interface Problem {
  readonly path: Path;
  readonly words: string;
}

function problemsOf(judged: Judged, issue: Issue, above: Path): Problem[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], words: unknownKey(judged, path, key) }));
  }
  const value = valueAt(judged.input, path);
  if (issue.code === 'invalid_union' && value !== undefined) {
    const branch = issue.errors.find((issues) => issues.every(isAboutInside));
    if (branch !== undefined) return branch.flatMap((inner) => problemsOf(judged, inner, path));
  }
  return [{ path, words: wordsOf(judged, issue, path, value) }];
}

/** Whether the value had the right form, so that what is wrong lies in it: the branch of a union that was meant. */
function isAboutInside(issue: Issue): boolean {
  if (issue.path.length > 0 || issue.code === 'unrecognized_keys') return true;
  return issue.code !== 'invalid_type' && issue.code !== 'invalid_value' && issue.code !== 'invalid_union';
}

function wordsOf(judged: Judged, issue: Issue, path: Path, value: unknown): string {
  if (isUnknownKind(issue)) return kindWords(issue.options, value);
  const expected = expectation(judged, issue, path);
  if (value === undefined) return `is required: ${expected}`;
  return `expected ${expected}, got ${valueText(value)}${suggestion(issue, value)}`;
}

/** A schema without words of its own gives zod's, since no locale is loaded. */
const noWords = 'Invalid input';

function expectation(judged: Judged, issue: Issue, path: Path): string {
  if (path.at(-1) === 'verify') {
    return 'an endpoint to look at, such as { endpoint: "10.0.0.7:443", serverName: api.example.com }, or none (verify: none), said out loud';
  }
  if (issue.message !== noWords) return issue.message;
  return ownWords(judged, path) ?? wordsOfCode(issue);
}

/** What the schema at this place would say of an empty text: a field's form, where the issue knows only its type. */
function ownWords({ schema, input }: Judged, path: Path): string | null {
  const field = schemaAt(schema, path, input);
  if (field?._zod.def.type !== 'string') return null;
  const issues = field._zod.run({ value: '', issues: [] }, { async: false });
  if (issues instanceof Promise) return null;
  const words = issues.issues.map(({ inst }) => messageOf(inst)).find((message) => message !== undefined);
  return words ?? null;
}

function messageOf(inst: unknown): string | undefined {
  const { error } = (inst as { _zod?: { def?: { error?: (issue: unknown) => unknown } } })._zod?.def ?? {};
  const words = error?.({});
  return typeof words === 'string' ? words : undefined;
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object with named fields',
  array: 'a list',
  record: 'names with a value each',
};

function wordsOfCode(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeWords[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.join(', ')}`;
    case 'too_small':
      return `at least ${amount(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `at most ${amount(issue.maximum, issue.origin)}`;
    case 'invalid_union':
      return [...new Set(issue.errors.flat().map(wordsOfCode))].join(' or ');
    default:
      return 'something else';
  }
}

const units: Readonly<Record<string, string>> = { string: ' characters', array: ' in a list' };

function amount(limit: number | bigint, origin: string): string {
  return `${limit}${units[origin] ?? ''}`;
}

function isUnknownKind(issue: Issue): issue is Issue & { options: readonly unknown[] } {
  return issue.code === 'invalid_union' && 'discriminator' in issue && 'options' in issue;
}

function kindWords(options: readonly unknown[], value: unknown): string {
  const kinds = options.map(String);
  if (value === undefined) return `is required: one of ${kinds.join(', ')}`;
  return `expected one of ${kinds.join(', ')}, got ${valueText(value)}${didYouMean(kinds, value)}`;
}

function suggestion(issue: Issue, value: unknown): string {
  return issue.code === 'invalid_value' ? didYouMean(issue.values.map(String), value) : '';
}

function unknownKey({ schema, input }: Judged, path: Path, key: string): string {
  const known = keysAt(schema, path, input);
  const near = didYouMean(known, key);
  return `unknown key${near === '' ? `; there are: ${known.join(', ')}` : near}`;
}

/** The nearest known word, when it is near enough to be a slip of the hand. */
function didYouMean(known: readonly string[], word: unknown): string {
  if (typeof word !== 'string') return '';
  const ranked = known
    .map((candidate) => ({ candidate, distance: leven(plain(candidate), plain(word)) }))
    .sort((one, other) => one.distance - other.distance);
  const [best] = ranked;
  // two slips (letters swapped count as two), more in a long word, but never a word made anew
  const limit = Math.min(Math.max(2, Math.floor(word.length / 3)), word.length - 1);
  if (best === undefined || best.distance > limit) return '';
  return `; did you mean ${best.candidate}?`;
}

/** `cert_path` and `CertPath` are as near to `certPath` as can be. */
function plain(word: string): string {
  return word.replaceAll(/[_-]/g, '').toLowerCase();
}

/** `targets[0].config.keyPath`; a key that is not a plain word in brackets. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const key = String(step);
    if (!/^[\w$-]+$/.test(key)) return `${text}[${JSON.stringify(key)}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

const maximumValueCharacters = 60;

function valueText(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > maximumValueCharacters ? `${text.slice(0, maximumValueCharacters)}…` : text;
}
