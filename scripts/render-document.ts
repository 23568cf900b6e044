import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { timeBudgets } from '../core/time-budgets.ts';

const root = join(import.meta.dirname, '..');

/** A line that `sh` ignores. No here-document and no string of the script contains one. */
const isIgnored = (line: string) => /^\s*(#.*)?$/.test(line);

/**
 * The SSM document as JSON text: the assignments of the template and the time limits, then the bootstrap script without its
 * comments, because SSM limits the document. The CDK and local mode replace the placeholders. No value may contain a single quote.
 */
export function renderDocument(): string {
  const document = JSON.parse(readFileSync(join(root, 'cdk/ssm-document.template.json'), 'utf8'));
  const script = readFileSync(join(root, 'agent-scripts/bootstrap.sh'), 'utf8');
  // SSM would replace {{…}} with a parameter
  if (script.includes('{{'))
    throw new Error('agent-scripts/bootstrap.sh contains {{, which SSM treats as a parameter: remove it.');
  const [, ...lines] = script.trimEnd().split('\n');
  const { inputs } = document.mainSteps[0];
  inputs.timeoutSeconds = String(timeBudgets.document);
  inputs.runCommand.push(`FETCH_SECONDS=${timeBudgets.fetch}`, `WARM_SECONDS=${timeBudgets.warm}`);
  inputs.runCommand.push(...lines.filter((line) => !isIgnored(line)));
  return `${JSON.stringify(document)}\n`;
}
