/**
 * Validation problems as lines of text. The message of a schema is a noun, the expected value (`an absolute path to a
 * file…`); this file writes the text for schemas without a message.
 */
import leven from 'leven';
import type * as z from 'zod/mini';
import { renamedKey, renamedValue } from './renamed-keys.ts';
import { keysAt, schemaAt, valueAt } from './schema-at.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

interface ValidatedInput {
  readonly schema: z.core.$ZodType;
  readonly input: unknown;
}

/** One line per problem: path, expected value, actual value. Only the first problem of a path is returned. */
export function problemLines(validated: ValidatedInput, issues: readonly Issue[]): string[] {
  const lines = new Map<string, string>();
  for (const { path, text } of issues.flatMap((issue) => problemsOf(validated, issue, []))) {
    const where = pathText(path);
    if (!lines.has(where)) lines.set(where, `${where === '' ? '' : `${where}: `}${text}`);
  }
  return [...lines.values()];
}

interface Problem {
  readonly path: Path;
  readonly text: string;
}

function problemsOf(validated: ValidatedInput, issue: Issue, above: Path): Problem[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], text: unknownKey(validated, path, key) }));
  }
  const value = valueAt(validated.input, path);
  if (issue.code === 'invalid_union' && value !== undefined) {
    const branch = issue.errors.find((issues) => issues.every(isInsideValue));
    if (branch !== undefined) return branch.flatMap((inner) => problemsOf(validated, inner, path));
  }
  return [{ path, text: textOf(validated, issue, path, value) }];
}

/** Whether the value has the type of this branch of a union, so that the problem is inside the value. */
function isInsideValue(issue: Issue): boolean {
  if (issue.path.length > 0 || issue.code === 'unrecognized_keys') return true;
  return issue.code !== 'invalid_type' && issue.code !== 'invalid_value' && issue.code !== 'invalid_union';
}

function textOf(validated: ValidatedInput, issue: Issue, path: Path, value: unknown): string {
  if (isUnknownKind(issue)) return kindText(issue.options, value);
  const current = renamedValue(path.at(-1), value);
  if (current !== null) return `${value} was renamed: use ${current}`;
  const expected = expectedText(validated, issue, path);
  if (value === undefined) return `is required: ${expected}`;
  return `expected ${expected}, got ${valueText(value)}${suggestion(issue, value)}`;
}

/** The message of zod for a schema without a message, because no locale is loaded. */
const noMessage = 'Invalid input';

function expectedText(validated: ValidatedInput, issue: Issue, path: Path): string {
  if (path.at(-1) === 'verify') {
    return 'an endpoint to probe, such as { endpoint: "10.0.0.7:443", serverName: api.example.com }, or none for no verification (verify: none)';
  }
  if (issue.message !== noMessage) return issue.message;
  return messageAt(validated, path) ?? textOfCode(issue);
}

/** The message of the schema at this path for an empty string: the format of the field, if the issue names only its type. */
function messageAt({ schema, input }: ValidatedInput, path: Path): string | null {
  const field = schemaAt(schema, path, input);
  if (field?._zod.def.type !== 'string') return null;
  const issues = field._zod.run({ value: '', issues: [] }, { async: false });
  if (issues instanceof Promise) return null;
  const text = issues.issues.map(({ inst }) => messageOf(inst)).find((message) => message !== undefined);
  return text ?? null;
}

function messageOf(inst: unknown): string | undefined {
  const { error } = (inst as { _zod?: { def?: { error?: (issue: unknown) => unknown } } })._zod?.def ?? {};
  const text = error?.({});
  return typeof text === 'string' ? text : undefined;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object with named fields',
  array: 'a list',
  record: 'an object with one value per name',
};

function textOfCode(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeNames[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.join(', ')}`;
    case 'too_small':
      return `at least ${amount(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `at most ${amount(issue.maximum, issue.origin)}`;
    case 'invalid_union':
      return [...new Set(issue.errors.flat().map(textOfCode))].join(' or ');
    default:
      return 'another value';
  }
}

const units: Readonly<Record<string, string>> = { string: ' characters', array: ' in a list' };

function amount(limit: number | bigint, origin: string): string {
  return `${limit}${units[origin] ?? ''}`;
}

function isUnknownKind(issue: Issue): issue is Issue & { options: readonly unknown[] } {
  return issue.code === 'invalid_union' && 'discriminator' in issue && 'options' in issue;
}

function kindText(options: readonly unknown[], value: unknown): string {
  const kinds = options.map(String);
  if (value === undefined) return `is required: one of ${kinds.join(', ')}`;
  return `expected one of ${kinds.join(', ')}, got ${valueText(value)}${didYouMean(kinds, value)}`;
}

function suggestion(issue: Issue, value: unknown): string {
  return issue.code === 'invalid_value' ? didYouMean(issue.values.map(String), value) : '';
}

function unknownKey({ schema, input }: ValidatedInput, path: Path, key: string): string {
  const known = keysAt(schema, path, input);
  const current = renamedKey(key, known);
  if (current !== null) return `${key} was renamed: use ${current}`;
  const near = didYouMean(known, key);
  return `unknown key${near === '' ? `; known keys: ${known.join(', ')}` : near}`;
}

/** Suggests the nearest known word if the difference looks like a typing error. */
function didYouMean(known: readonly string[], word: unknown): string {
  if (typeof word !== 'string') return '';
  const ranked = known
    .map((candidate) => ({ candidate, distance: leven(plain(candidate), plain(word)) }))
    .sort((one, other) => one.distance - other.distance);
  const [best] = ranked;
  // two edits (swapped letters count as two), more in a long word, but never all letters
  const limit = Math.min(Math.max(2, Math.floor(word.length / 3)), word.length - 1);
  if (best === undefined || best.distance > limit) return '';
  return `; did you mean ${best.candidate}?`;
}

/** Makes `cert_path` and `CertPath` equal to `certPath`. */
function plain(word: string): string {
  return word.replaceAll(/[_-]/g, '').toLowerCase();
}

/** `targets[0].config.keyPath`; a key that is not a plain word is in brackets. */
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
