import { execFileSync } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { targetsJsonSchema } from '../../core/registry/json-schema.ts';
import { lazyParts, partName } from '../../scripts/lazy-lambda-parts.ts';

const root = join(import.meta.dirname, '../..');
const tasks = globSync('lambdas/handlers/*/*.ts', { cwd: root }).map((file) => basename(file, '.ts'));
const parts = Object.entries(lazyParts).flatMap(([name, files]) =>
  files.map((file) => `${name}/${partName(file)}`),
);
const bundle = (name: string) => join(root, 'dist/lambdas', name, 'index.mjs');

/** Minified, without the AWS SDK, which Lambda's runtime brings. */
const largestBytes = 320 * 1024;

/** The function that runs the agent has the clients of all stores. */
const largestAgentBytes = 8 * 1024 * 1024;

/**
 * What a process gets that loads these built files with no other packages than those of the AWS SDK: the number of parameters of
 * each export, or the message of the error. The imports of this test file would find the packages of the repository.
 */
function loaded(files: readonly string[]): Record<string, Record<string, number> | string> {
  const folder = mkdtempSync(join(tmpdir(), 'certferry-bundles-'));
  cpSync(join(root, 'dist/lambdas'), folder, { recursive: true });
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(root, 'node_modules/@aws-sdk'), join(folder, 'node_modules/@aws-sdk'));
  const script = `const found = {};
    for (const file of ${JSON.stringify(files)}) {
      const load = import('${folder}/' + file + '.mjs');
      const lengths = (loaded) => Object.fromEntries(Object.entries(loaded).map(([name, { length }]) => [name, length]));
      found[file] = await load.then(lengths, ({ message }) => message);
    }
    console.log(JSON.stringify(found));
    process.exit();`;
  try {
    return JSON.parse(execFileSync('node', ['--input-type=module', '--eval', script], { encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface StateMachine {
  readonly States: Readonly<Record<string, { readonly Parameters?: { readonly FunctionName?: string } }>>;
}

/** The functions that the state machines' files call, as file names. */
function calledTasks(): string[] {
  const names = ['deploy-target', 'rollout'].flatMap((machine) => {
    const file = join(root, `cdk/state-machines/${machine}.asl.json`);
    const { States } = JSON.parse(readFileSync(file, 'utf8')) as StateMachine;
    return Object.values(States).flatMap(({ Parameters }) => Parameters?.FunctionName ?? []);
  });
  return [...new Set(names)].map((name) =>
    name
      .replace(/^\$\{(.*)Arn\}$/, '$1')
      .replaceAll(/(?!^)[A-Z]/g, (letter) => `-${letter}`)
      .toLowerCase(),
  );
}

describe('the built Lambdas', () => {
  beforeAll(() => {
    const sizes = tasks.map((name) => `${name} ${(statSync(bundle(name)).size / 1024).toFixed(0)}`);
    process.stdout.write(`Lambda bundles, KiB: ${sizes.join(', ')}\n`);
  });

  test('The built Lambdas are those that state machines, events, operators and CloudFormation call', () => {
    const others = [
      'start-rollouts',
      'decide-approval',
      'command-status',
      'run-agent',
      'find-hosts',
      'release-lock',
      'sweep',
      'warm-hosts',
      'sync-registry',
      'read-job-keys',
      'complete-stack',
    ];
    expect(tasks.toSorted()).toEqual([...calledTasks(), ...others].toSorted());
  });

  test('Each built Lambda needs no package besides the AWS SDK, and exports a handler that Node 24’s runtime accepts', () => {
    const found = loaded([...tasks.map((name) => `${name}/index`), ...parts]);

    const refused = Object.entries(found).filter(([file, result]) => {
      if (typeof result === 'string') return true;
      return file.endsWith('/index') && !(Number(result.handler) <= 2);
    });
    expect(refused).toEqual([]);
    expect(found['push-bundle/earlier-versions']).toEqual({ searchedEarlier: 2 });
  });

  test('The client of EC2 is in a file that functions load only to find out whether a host is gone', () => {
    for (const name of [
      'push-bundle',
      'reconcile-command',
      'roll-back',
      'run-on-deployed',
      'probe-from-host',
      'command-status',
    ]) {
      const text = readFileSync(bundle(name), 'utf8');

      expect(text).toContain('import("./whereabouts.mjs")');
      expect(text).not.toContain('client-ec2');
    }
  });

  test('The search for earlier versions is in a file that PushBundle loads only for the kinds that need it', () => {
    const text = readFileSync(bundle('push-bundle'), 'utf8');

    expect(text).toContain('import("./earlier-versions.mjs")');
    expect(text).not.toContain('kept#');
  });

  test.each(tasks)('%s is at most 320 KiB, or 8 MiB with the clients of stores', (name) => {
    const largest = name === 'run-agent' ? largestAgentBytes : largestBytes;
    expect(statSync(bundle(name)).size).toBeLessThanOrEqual(largest);
  });

  test('No function and no agent contains the descriptions of fields, which only the command line prints', () => {
    const built = [...tasks.map(bundle), join(root, 'dist/agent/agent.cjs')];
    const described = built.filter((file) =>
      readFileSync(file, 'utf8').includes('Number of probes before the previous version is restored.'),
    );

    expect(described).toEqual([]);
    expect(JSON.stringify(targetsJsonSchema())).toContain('Number of probes before the previous version');
  });
});
