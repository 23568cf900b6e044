import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareFindings, explainedFindings } from '../cdk/explained-findings.ts';
import { aMemberApp, anApp, anAppIn, optionsWithResources } from '../cdk/synthesized.ts';
import { cfnLint, checkov } from './template-tools.ts';

const root = join(import.meta.dirname, '../..');
const output = mkdtempSync(join(tmpdir(), 'certferry-templates-'));
afterAll(() => rmSync(output, { recursive: true, force: true }));

/** The templates in the cloud assembly of an app. */
const templatesOf = (app: App): string[] => templatesIn(app.synth().directory);

const templatesIn = (folder: string): string[] =>
  globSync('**/*.template.json', { cwd: folder }).map((file) => join(folder, file));

function templatesOfExamples(): string[] {
  const examples = readdirSync(join(root, 'examples')).filter((name) => !name.endsWith('.md'));
  const script = join(root, 'test/cdk/synthesize-examples.ts');
  const { status, stderr } = spawnSync('node', [script, output, ...examples], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The examples were not synthesized: ${stderr}`);
  return templatesIn(output);
}

const tools = { 'cfn-lint': cfnLint, checkov };

describe('the templates of the stack, of a member account and of the examples', () => {
  let templates: string[] = [];

  beforeAll(() => {
    const elsewhere = ['us-gov-west-1', 'cn-north-1'].map((region) => anAppIn(region).app);
    templates = [anApp().app, anApp(optionsWithResources).app, aMemberApp().app, ...elsewhere]
      .flatMap(templatesOf)
      .concat(templatesOfExamples());
  });

  test.each(Object.entries(tools))(
    'docs/template-checks.md explains each finding of %s in the templates, and no other',
    (tool, check) => {
      const rows = explainedFindings().filter((row) => row.tool === tool);

      expect(compareFindings(check(templates), rows)).toEqual({ unexplained: [], unused: [] });
    },
  );
});

test.each([
  ['cfn-lint', 'E3002'],
  ['checkov', 'CKV_AWS_53'],
] as const)('%s reports a bucket that is public or wrong in a template', (tool, rule) => {
  const template = join(output, `careless-${tool}.json`);
  const Bucket = { Type: 'AWS::S3::Bucket', Properties: { Unknown: true } };
  writeFileSync(template, JSON.stringify({ Resources: { Bucket } }));

  expect(tools[tool]([template])).toContainEqual({ tool, rule, resource: 'AWS::S3::Bucket Bucket' });
});
