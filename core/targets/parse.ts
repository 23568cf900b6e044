import { parseDocument, type YAMLParseError, type YAMLWarning } from 'yaml';
import type * as z from 'zod/mini';
import { CertferryError } from '../errors.ts';
import { problemLines } from './problems.ts';
import { valueAt } from './schema-at.ts';
import { Target } from './target.ts';

/**
 * Reads a file, YAML or JSON, as `schema` has it; `further` finds what a schema cannot say. `source` is what to call
 * the file in an error, such as its path. Throws InvalidTarget with every problem on a line of its own.
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

/** Reads one target from what JSON or YAML gave. Throws InvalidTarget with every problem on a line of its own. */
export function parseTarget(value: unknown): Target {
  const parsed = Target.safeParse(value);
  if (!parsed.success) throw invalid(nameOf(value), schemaProblems(Target, value, parsed));
  return parsed.data;
}

/** JSON is YAML 1.2 too, so one parser reads both, and refuses a key given twice in either. */
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

/** The parser's words, but for what people meet most. */
const yamlWords: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'a key is given twice',
  MULTIPLE_DOCS: 'more than one YAML document (---)',
};

function yamlProblem({ code, message, linePos }: YAMLParseError | YAMLWarning): string {
  const words = yamlWords[code];
  if (words === undefined || linePos === undefined) return firstLine(message);
  const [{ line, col }] = linePos;
  return `${words}, at line ${line}, column ${col}`;
}

/** Later lines of the parser's message draw the place with carets. */
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
