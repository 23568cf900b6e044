import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/**
 * The SSM document as JSON text: the template's assignments, then the script. Whoever deploys it fills in the five
 * placeholders (`cdk/agent/agent-document.ts` with S3 locations, local mode with file URLs); no value may hold a single quote.
 */
export function renderDocument(): string {
  const document = JSON.parse(readFileSync(join(root, 'cdk/ssm-document.template.json'), 'utf8'));
  const script = readFileSync(join(root, 'agent-scripts/bootstrap.sh'), 'utf8');
  // SSM would read it as a parameter and paste text into the script
  if (script.includes('{{')) throw new Error('agent-scripts/bootstrap.sh holds two opening braces in a row');
  const [, ...lines] = script.trimEnd().split('\n');
  document.mainSteps[0].inputs.runCommand.push(...lines);
  return `${JSON.stringify(document, null, 2)}\n`;
}
