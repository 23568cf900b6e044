import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { timeBudgets } from '../core/time-budgets.ts';

const root = join(import.meta.dirname, '..');

/** A line that `sh` ignores. No here-document and no string of the script contains one. */
const isIgnored = (line: string) => /^\s*(#.*)?$/.test(line);

/** The SSM document that runs the agent, with the time limits of its script, as JSON text. */
export function renderDocument(): string {
  const document = read('cdk/ssm-document.template.json');
  const { inputs } = document.mainSteps[0];
  inputs.timeoutSeconds = String(timeBudgets.document);
  inputs.runCommand.push(`FETCH_SECONDS=${timeBudgets.fetch}`, `WARM_SECONDS=${timeBudgets.warm}`);
  return withScript(document, 'agent-scripts/bootstrap.sh');
}

/** The SSM document that checks a host, as JSON text. */
export const renderCheckDocument = (): string =>
  withScript(read('cdk/check-document.template.json'), 'agent-scripts/check-host.sh');

const read = (template: string) => JSON.parse(readFileSync(join(root, template), 'utf8'));

/**
 * The document with the script after its assignments. Comments are left out, because SSM limits the document. The CDK and local
 * mode replace the placeholders. No value may contain a single quote.
 */
function withScript(document: ReturnType<typeof read>, file: string): string {
  const script = readFileSync(join(root, file), 'utf8');
  // SSM would replace {{…}} with a parameter
  if (script.includes('{{'))
    throw new Error(`${file} contains {{, which SSM treats as a parameter: remove it.`);
  const [, ...lines] = script.trimEnd().split('\n');
  document.mainSteps[0].inputs.runCommand.push(...lines.filter((line) => !isIgnored(line)));
  return `${JSON.stringify(document)}\n`;
}
