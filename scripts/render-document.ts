import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** A line that `sh` ignores. No here-document and no string of the script contains one. */
const isIgnored = (line: string) => /^\s*(#.*)?$/.test(line);

/** The SSM document that runs the agent, as JSON text. */
export const renderDocument = (): string =>
  render('cdk/ssm-document.template.json', 'agent-scripts/bootstrap.sh');

/** The SSM document that checks a host, as JSON text. */
export const renderCheckDocument = (): string =>
  render('cdk/check-document.template.json', 'agent-scripts/check-host.sh');

/**
 * The assignments of the template, then the script without its comments, because SSM limits the document. The CDK and local
 * mode replace the placeholders. No value may contain a single quote.
 */
function render(template: string, scriptFile: string): string {
  const document = JSON.parse(readFileSync(join(root, template), 'utf8'));
  const script = readFileSync(join(root, scriptFile), 'utf8');
  // SSM would replace {{…}} with a parameter
  if (script.includes('{{'))
    throw new Error(`${scriptFile} contains {{, which SSM treats as a parameter: remove it.`);
  const [, ...lines] = script.trimEnd().split('\n');
  document.mainSteps[0].inputs.runCommand.push(...lines.filter((line) => !isIgnored(line)));
  return `${JSON.stringify(document)}\n`;
}
