import { parseDocument, type YAMLParseError, type YAMLWarning } from 'yaml';
import type * as z from 'zod/mini';
import { CertferryError } from '../errors.ts';
import { problemLines } from './problems.ts';
import { valueAt } from './schema-at.ts';
import { Target } from './target.ts';

/**
 * Parses a file, YAML or JSON, with a schema. `further` returns problems that a schema cannot find. Errors name the file
 * as `source`, such as its path.
 * @throws CertferryError InvalidTarget with one line per problem
 */
export function parseFile<Output>(
  schema: z.ZodMiniType<Output>,
  { text, source }: { readonly text: string; readonly source: string },
  further: (input: unknown) => readonly string[],
): Output {
  const input = parseYaml(text, source);
  const parsed = schema.safeParse(input);
  const problems = [...schemaProblems(schema, input, parsed), ...further(input)];
  if (!parsed.success || problems.length > 0) throw invalid(source, problems);
  return parsed.data;
}

/**
 * Parses one target.
 * @throws CertferryError InvalidTarget with one line per problem
 */
export function parseTarget(value: unknown): Target {
  const parsed = Target.safeParse(value);
  if (!parsed.success) throw invalid(nameOf(value), schemaProblems(Target, value, parsed));
  return parsed.data;
}

/** JSON is a subset of YAML 1.2, so one parser reads both. It refuses duplicate keys in either. */
function parseYaml(text: string, source: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true, stringKeys: true });
  const problems = [...document.errors, ...document.warnings].map(yamlProblem);
  if (problems.length > 0) throw invalid(source, problems);
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw invalid(source, [firstLine((cause as Error).message)]);
  }
}

function schemaProblems(
  schema: z.core.$ZodType,
  input: unknown,
  parsed: { success: boolean; error?: z.core.$ZodError | undefined },
): string[] {
  return problemLines({ schema, input }, parsed.error?.issues ?? []);
}

function nameOf(value: unknown): string {
  const id = valueAt(value, ['id']);
  return typeof id === 'string' ? `target ${id}` : 'the target';
}

/** Plainer messages for the most frequent errors of the parser. */
const yamlMessages: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'duplicate key',
  MULTIPLE_DOCS: 'more than one YAML document (---)',
};

function yamlProblem({ code, message, linePos }: YAMLParseError | YAMLWarning): string {
  const plain = yamlMessages[code];
  if (plain === undefined || linePos === undefined) return firstLine(message);
  const [{ line, col }] = linePos;
  return `${plain}, at line ${line}, column ${col}`;
}

/** The later lines of the parser's message only mark the position with carets. */
function firstLine(message: string): string {
  return message.replace(/:?(\n[\s\S]*)?$/, '');
}

function invalid(source: string, problems: readonly string[]): CertferryError {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return new CertferryError(
    'InvalidTarget',
    `${source} has ${count}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    { details: { source, problems } },
  );
}
