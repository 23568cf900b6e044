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

const root = join(import.meta.dirname, '../..');
const tasks = globSync('lambdas/handlers/*/*.ts', { cwd: root }).map((file) => basename(file, '.ts'));
const bundle = (name: string) => join(root, 'dist/lambdas', name, 'index.mjs');

/** Minified, without the AWS SDK, which Lambda's runtime brings. */
const largestBytes = 320 * 1024;

/** The function that runs the agent has the clients of all stores. */
const largestAgentBytes = 8 * 1024 * 1024;

/**
 * What a process gets that loads the bundles with no other packages than those of the AWS SDK: the number of parameters of each
 * handler, or the message of the error. The imports of this test file would find the packages of the repository.
 */
function loaded(): Record<string, number | string> {
  const folder = mkdtempSync(join(tmpdir(), 'certferry-bundles-'));
  cpSync(join(root, 'dist/lambdas'), folder, { recursive: true });
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(root, 'node_modules/@aws-sdk'), join(folder, 'node_modules/@aws-sdk'));
  const script = `const found = {};
    for (const name of ${JSON.stringify(tasks)}) {
      const load = import('${folder}/' + name + '/index.mjs');
      found[name] = await load.then(({ handler }) => handler.length, ({ message }) => message);
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
      'sync-registry',
      'read-job-keys',
    ];
    expect(tasks.toSorted()).toEqual([...calledTasks(), ...others].toSorted());
  });

  test('Each built Lambda needs no package besides the AWS SDK, and exports a handler that Node 24’s runtime accepts', () => {
    const refused = Object.entries(loaded()).filter(([, result]) => typeof result === 'string' || result > 2);

    expect(refused).toEqual([]);
  });

  test.each(tasks)('%s is at most 320 KiB, or 8 MiB with the clients of stores', (name) => {
    const largest = name === 'run-agent' ? largestAgentBytes : largestBytes;
    expect(statSync(bundle(name)).size).toBeLessThanOrEqual(largest);
  });
});
