import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { marked, type Tokens } from 'marked';

/** A rule that a resource of a template breaks, as one of the tools reports it. */
export interface Finding {
  readonly tool: string;
  readonly rule: string;
  /** Type and logical id, without the digest that CDK appends. */
  readonly resource: string;
  /** The reason in the code, for tools that read it there. */
  readonly reason?: string;
}

/** A row of the table: why the findings of one rule on these resources are accepted. */
export interface ExplainedFinding {
  readonly tool: string;
  readonly rule: string;
  /** Patterns of {@link Finding.resource}, in which `*` stands for any text. */
  readonly resources: readonly string[];
  readonly reason: string;
}

/** The page with the table of explained findings. */
const page = join(import.meta.dirname, '../../docs/template-checks.md');

/** All rows of the table in docs/template-checks.md. */
export function explainedFindings(): ExplainedFinding[] {
  const table = marked
    .lexer(readFileSync(page, 'utf8'))
    .find((token): token is Tokens.Table => token.type === 'table');
  return (table?.rows ?? []).map((cells) => {
    const [tool = '', rule = '', resources = '', reason = ''] = cells.map(({ text }) => text);
    return { tool, rule: codeIn(rule)[0] ?? '', resources: codeIn(resources), reason };
  });
}

/** Findings that no row explains, and rows that explain no finding, each as text. Both lists are empty if all is well. */
export function compareFindings(findings: readonly Finding[], rows: readonly ExplainedFinding[]) {
  const unexplained = findings.filter((finding) => !rows.some((row) => explains(row, finding)));
  const unused = rows.flatMap((row) =>
    row.resources
      .filter((pattern) => !findings.some((finding) => explains({ ...row, resources: [pattern] }, finding)))
      .map((pattern) => [row.tool, row.rule, pattern, row.reason].join(' | ')),
  );
  const asText = ({ tool, rule, resource, reason = '' }: Finding) =>
    [tool, rule, resource, reason].join(' | ');
  return { unexplained: [...new Set(unexplained.map(asText))].sort(), unused };
}

/** The type and logical id of a resource. CDK ends the id of a resource with eight digits of a digest. */
export function resourceName(type: string, logicalId: string): string {
  return `${type} ${logicalId.replace(digest, '')}`;
}

/** The id of a rule of cdk-nag, without the digests in the names of resources. */
export function ruleName(id: string): string {
  return id.replaceAll(/<(\w+?)[0-9A-F]{8}\./g, '<$1.');
}

const digest = /[0-9A-F]{8}$/;

const codeIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

function explains(row: ExplainedFinding, { tool, rule, resource, reason }: Finding): boolean {
  return (
    row.tool === tool &&
    row.rule === rule &&
    row.resources.some((pattern) => patternOf(pattern).test(resource)) &&
    (reason === undefined || row.reason === reason)
  );
}

function patternOf(glob: string): RegExp {
  const source = glob.replaceAll(/\W/g, (character) => (character === '*' ? '.*' : `\\${character}`));
  return new RegExp(`^${source}$`);
}
