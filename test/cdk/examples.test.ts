import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const examples = globSync('examples/*/app.ts', { cwd: root }).map(
  (file) => dirname(file).split('/').at(-1) ?? '',
);

const output = mkdtempSync(join(tmpdir(), 'certferry-examples-'));
afterAll(() => rmSync(output, { recursive: true, force: true }));

let run: { status: number | null; stderr: string };
beforeAll(() => {
  run = spawnSync('node', [join(import.meta.dirname, 'synthesize-examples.ts'), output, ...examples], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
});

test('The examples are synthesized without an error or a warning', () => {
  expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
});

test.each(examples)('Example %s contains certferry, a certificate and a target', (example) => {
  const folder = join(output, example);
  const templates = readdirSync(folder).filter((file) => file.endsWith('.template.json'));
  const resources = templates.flatMap((file) =>
    Object.values<{ Type: string }>(JSON.parse(readFileSync(join(folder, file), 'utf8')).Resources),
  );
  const registered = readdirSync(folder)
    .filter((file) => /^asset\..*\.json$/.test(file))
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));

  expect(resources.map(({ Type }) => Type)).toContain('AWS::StepFunctions::StateMachine');
  expect(
    registered.some(({ certificates = [], targets = [] }) => certificates.length * targets.length > 0),
  ).toBe(true);
});

test('examples/README.md lists every example', () => {
  const page = readFileSync(join(root, 'examples/README.md'), 'utf8');

  expect(examples.length).toBeGreaterThan(4);
  expect(examples.filter((example) => !page.includes(`(${example}/app.ts)`))).toEqual([]);
});
