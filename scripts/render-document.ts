import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { timeBudgets } from '../core/time-budgets.ts';

const root = join(import.meta.dirname, '..');

/**
 * The SSM document as JSON text: the assignments of the template, the time limits, then the bootstrap script. The CDK
 * (`cdk/agent/agent-document.ts`) and local mode replace the six placeholders. No value may contain a single quote.
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
  inputs.runCommand.push(`FETCH_SECONDS=${timeBudgets.fetch}`, `WARM_SECONDS=${timeBudgets.warm}`, ...lines);
  return `${JSON.stringify(document, null, 2)}\n`;
}
