import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { pageWithCost, readPrices, renderCost } from '../../bench/cost-tables.ts';
import { createSweepMetrics } from '../../services/notify/sweep-metrics.ts';
import { testKey } from '../fixtures/signed-jobs.ts';
import { resourcesOf } from './resources.ts';
import { synthesize } from './synthesized.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/install.md'), 'utf8');
const samplesOf = (text: string) => [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);
const samples = samplesOf(page);
/** The samples of the pages of kinds: calls of a construct, without imports. */
const samplesOfKinds = globSync(join(root, 'docs/targets/*.md')).flatMap((file) =>
  samplesOf(readFileSync(file, 'utf8')).map((code) => ({ name: basename(file, '.md'), code })),
);

/** A folder like a reader's: the samples, and the packages that the page says to install. */
const folder = mkdtempSync(join(tmpdir(), 'certferry-install-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const link = (name: string, to: string) => {
  mkdirSync(join(folder, 'node_modules', dirname(name)), { recursive: true });
  symlinkSync(to, join(folder, 'node_modules', name));
};
link('certferry', root);
for (const name of ['aws-cdk-lib', 'constructs', '@types/node']) link(name, join(root, 'node_modules', name));
// as npm init -y writes it
writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
writeFileSync(join(folder, 'job-keys'), `${testKey.publicKeys}\n`);
for (const [at, text] of samples.entries()) writeFileSync(join(folder, `sample-${at}.mts`), text);
for (const { name, code } of samplesOfKinds) {
  const before =
    "import { type Certferry, Target } from 'certferry/cdk';\ndeclare const certferry: Certferry;\n";
  writeFileSync(join(folder, `kind-${name}.mts`), before + code);
}

/** As `cdk synth --app "node sample.ts"` runs it. */
function synth(file: string) {
  const outdir = join(folder, `${file}.out`);
  const { status, stderr } = spawnSync('node', [file], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, CDK_OUTDIR: outdir },
  });
  return { status, stderr, template: (name: string) => read(join(outdir, `${name}.template.json`)) };
}

const read = (file: string): { Resources: Record<string, { Type: string }> } =>
  JSON.parse(readFileSync(file, 'utf8'));
const typesIn = (template: { Resources: Record<string, { Type: string }> }) =>
  new Set(Object.values(template.Resources).map(({ Type }) => Type));

describe('docs/install.md', () => {
  test('docs/install.md has a stack that can be deployed as it stands', () => {
    const { status, stderr, template } = synth('sample-0.mts');

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const types = typesIn(template('Certferry'));
    expect(types).toContain('Custom::CertferryRegistry');
    expect(types).toContain('AWS::StepFunctions::StateMachine');
  });

  test('docs/install.md has a stack for member accounts that can be deployed as it stands', () => {
    const { status, stderr, template } = synth('sample-1.mts');

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const runners = ['eu-west-1', 'us-east-1'].map((region) =>
      JSON.stringify(template(`certferry-${region}`)).includes('certferry-runner'),
    );
    expect(runners).toEqual([true, false]);
  });

  test('docs/install.md and the pages of the kinds acm, f5, javakeystore, k8ssecret and ssh have samples whose types are right', () => {
    expect(samplesOfKinds.map(({ name }) => name).sort()).toEqual([
      'acm',
      'f5',
      'javakeystore',
      'k8ssecret',
      'ssh',
    ]);
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        incremental: false,
        tsBuildInfoFile: null,
        typeRoots: [join(root, 'node_modules/@types')],
        paths: { 'certferry/cdk': [join(root, 'cdk/index.ts')] },
      },
      include: [join(folder, '*.mts')],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));

    const { stdout } = spawnSync('node', [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
      encoding: 'utf8',
    });

    expect(stdout).toBe('');
  });

  test('docs/install.md has the costs that npm run bench:cost prints', () => {
    expect(page, 'run npm run bench:cost -- --write').toBe(pageWithCost(page, renderCost(readPrices())));
  });

  test('docs/install.md counts the metrics that the alarms watch', () => {
    const metrics = resourcesOf(synthesize(), 'AWS::CloudWatch::Alarm').flatMap(({ properties }) =>
      properties.Metrics === undefined
        ? [properties.MetricName]
        : properties.Metrics.filter(
            ({ MetricStat, Expression }: { MetricStat?: object; Expression?: string }) =>
              MetricStat !== undefined || Expression?.startsWith('SELECT'),
          ),
    );
    const { count } = readPrices().perMonth['metrics that alarms watch'] ?? {};

    expect(count).toBe(metrics.length);
  });

  test.each([
    ['100 targets, 5 certificates', 6],
    ['1,000 targets, 50 certificates', 10],
  ])('A month without deployments costs %s at most %i dollars', (fleet, maximum) => {
    const total = new RegExp(`\\*\\*total: ${fleet}\\*\\* \\| \\*\\*([\\d.]+)`).exec(
      renderCost(readPrices()),
    )?.[1];

    expect(Number(total)).toBeGreaterThan(0);
    expect(Number(total)).toBeLessThanOrEqual(maximum);
  });

  test('The costs count as many metrics of the sweep as one sweep publishes', () => {
    const lines: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
    const counts = { daysToExpiry: 1, drift: 1, chainIncomplete: 1, unreachable: 1, neverDeployed: 1 };
    createSweepMetrics(new Metrics({ namespace: 'certferry' })).publish(counts, {});
    vi.restoreAllMocks();

    const published = lines.flatMap((line) => JSON.parse(line)._aws.CloudWatchMetrics);
    expect(published.map(({ Metrics: its }) => its.length)).toEqual([readPrices().sweep.metrics]);
  });
});

describe('docs/monitoring.md', () => {
  test('docs/monitoring.md has every alarm of the stack', () => {
    const monitoring = readFileSync(join(root, 'docs/monitoring.md'), 'utf8');
    const alarms = resourcesOf(synthesize(), 'AWS::CloudWatch::Alarm').map(
      ({ id }) => /Alarms([A-Za-z]+?)[0-9A-F]{8}$/.exec(id)?.[1],
    );

    expect(alarms.length).toBeGreaterThan(5);
    expect(alarms.filter((name) => !monitoring.includes(`| \`${name}\` |`))).toEqual([]);
  });
});
