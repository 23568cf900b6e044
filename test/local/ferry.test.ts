import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DeployResult, type Ferry, openFerry } from '../../local/ferry.ts';
import { aVersion, type IssuedCertificate } from '../factories/certificates.ts';
import { scratch } from './scratch.ts';
import { aServedTarget, deploying, makeStuck, type ServedTarget } from './served-target.ts';

let served: ServedTarget;
let stateDir: string;
let ferries: Ferry[];

beforeEach(async () => {
  served = await aServedTarget();
  stateDir = join(scratch(), 'state');
  ferries = [];
});

afterEach(async () => {
  for (const ferry of ferries) await ferry.close();
  await served.close();
});

async function open(): Promise<Ferry> {
  const ferry = await openFerry({ stateDir });
  ferries.push(ferry);
  return ferry;
}

const pathOf = ({ events }: Pick<DeployResult, 'events'>) =>
  events.filter(({ type }) => type === 'StateEntered').map(({ state }) => state?.name);

const success = [
  'AcquireLock',
  'PushBundle',
  'PushOutcome?',
  'ProbeEndpoint',
  'ProbeOutcome?',
  'CommitDeployment',
  'Deployed',
];

async function enrolledFerry(): Promise<{ ferry: Ferry; first: IssuedCertificate }> {
  const ferry = await open();
  const first = await aVersion();
  const { output } = await ferry.deploy(deploying(served.target(), first));
  expect(output.outcome).toBe('deployed');
  return { ferry, first };
}

describe('a deployment on this machine', () => {
  test('enrols the host on its first way, and costs seven transitions from then on', async () => {
    const ferry = await open();

    const first = await ferry.deploy(deploying(served.target(), await aVersion()));
    const version = await aVersion();
    const second = await ferry.deploy(deploying(served.target(), version));

    expect(pathOf(first)).toEqual([...success.slice(0, 3), ...success.slice(1)]);
    expect(pathOf(second)).toEqual(success);
    expect(second).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'deployed', fence: 2 } });
    expect(readFileSync(served.certPath, 'utf8')).toBe(version.certPem + version.chainPem);
  });

  test('ends in every way a host can leave it, with its path and its history', {
    timeout: 120_000,
  }, async () => {
    const { ferry, first } = await enrolledFerry();
    const results: [string, DeployResult][] = [];
    const run = async (name: string, request: Parameters<Ferry['deploy']>[0]) =>
      results.push([name, await ferry.deploy(request)]);
    const refusing = served.target({ config: { validateCommand: ['false'] } });
    const notReloading = served.target({ config: { reloadCommand: ['false'] } });

    await run('unchanged', deploying(served.target(), first));
    await run('validated', {
      ...deploying(refusing, await aVersion()),
      target: served.target({ config: { validateCommand: ['true'] } }),
      action: 'validate',
    });
    await run('validate_failed', deploying(refusing, await aVersion()));
    await run('rollback_failed', deploying(notReloading, await aVersion()));
    await run('deployed_unverified', deploying(served.target({ verify: 'none' }), await aVersion()));
    await run('rejected', {
      ...deploying(served.target(), first),
      fingerprint: (await aVersion()).fingerprint,
    });
    await run('deployed', { target: served.target(), action: 'revert' });
    makeStuck(served);
    await run('rolled_back', deploying(served.target(), await aVersion()));

    expect(results.map(([, { output }]) => output.outcome)).toEqual(results.map(([name]) => name));
    expect((await ferry.history('web-1')).map(({ outcome }) => outcome)).toEqual(
      ['deployed', ...results.map(([name]) => name)].reverse(),
    );
    expect(pathOf(results.at(-1)?.[1] ?? { events: [] })).toEqual([
      ...success.slice(0, 5),
      'BackOff',
      'Vantage?',
      'ProbeEndpoint',
      'ProbeOutcome?',
      'RollBack',
      'RollBackOutcome?',
      'ProbeRestored',
      'ProbeRestoredOutcome?',
      'RecordRolledBack',
      'RolledBack',
    ]);
  });

  test('is inspected by name and as the last one, also by another process’s ferry', async () => {
    const { ferry, first } = await enrolledFerry();
    const { executionName, events } = await ferry.deploy(deploying(served.target(), first));

    const other = await open();

    expect(await other.inspect('last')).toMatchObject({
      executionName,
      status: 'SUCCEEDED',
      output: { outcome: 'unchanged' },
    });
    expect((await other.inspect(executionName))?.events).toEqual(JSON.parse(JSON.stringify(events)));
    expect(await other.inspect('nobody')).toBeNull();
  });

  test('refuses a request that is none before anything is started', async () => {
    const ferry = await open();

    const broken = ferry.deploy({
      target: served.target(),
      action: 'deploy',
      fingerprint: 'sha256:short',
      secret: { pkcs12: '' },
    });

    await expect(broken).rejects.toMatchObject({ name: 'InvalidRequest' });
    expect(await ferry.inspect('last')).toBeNull();
  });

  test('leaves the private key on the host alone', async () => {
    const { ferry, first } = await enrolledFerry();
    makeStuck(served);
    const second = await aVersion();
    await ferry.deploy(deploying(served.target(), second));
    await ferry.close();

    const needles = [first, second].flatMap(({ keyPem }) => needlesOf(keyPem));
    const found = filesUnder(stateDir).filter((path) => {
      const bytes = readFileSync(path);
      return needles.some((needle) => bytes.includes(needle));
    });

    // the key before, kept for undoing by the host's own agent in its own folder
    expect(found.filter((path) => !path.startsWith(join(stateDir, 'hosts/local/')))).toEqual([]);
    expect(readFileSync(served.keyPath, 'utf8')).toBe(first.keyPem);
  });

  test('is kept where only its owner can enter', async () => {
    const { ferry } = await enrolledFerry();
    await ferry.close();

    const [folders, files] = [
      readdirSync(stateDir, { withFileTypes: true }).filter((one) => one.isDirectory()),
      ['token'],
    ];
    const modes = [stateDir, ...files.map((name) => join(stateDir, name))].map(
      (path) => statSync(path).mode & 0o777,
    );

    expect(modes).toEqual([0o700, 0o600]);
    for (const { name } of folders.filter(({ name }) => name !== 'dynamodb')) {
      expect([name, statSync(join(stateDir, name)).mode & 0o077]).toEqual([name, 0]);
    }
  });
});

describe('many deployments to one target', () => {
  test('go one at a time with growing fences, and the last request is what stays', {
    timeout: 300_000,
  }, async () => {
    const { ferry } = await enrolledFerry();
    const versions = [await aVersion(), await aVersion()];
    const order = Array.from({ length: 50 }, (_, index) => versions[index % 2] ?? versions[0]).filter(
      (one) => one !== undefined,
    );
    const last = order.at(-1);

    const results = await Promise.all(
      order.map((version) => ferry.deploy(deploying(served.target(), version))),
    );

    const outcomes = new Set(results.map(({ output }) => output.outcome));
    for (const outcome of outcomes) expect(['deployed', 'unchanged', 'superseded']).toContain(outcome);
    expect(readFileSync(served.keyPath, 'utf8')).toBe(last?.keyPem);
    expect(fencesInOrder(results)).toBe(true);
    expect(overlaps(results)).toBe(0);
    expect((await ferry.history('web-1')).length).toBe(51);
    await expect(
      ferry.deploy(deploying(served.target(), order[0] as IssuedCertificate)),
    ).resolves.toMatchObject({
      output: { outcome: 'deployed' },
    });
  });

  test('from two processes at once are all told, and none is done twice', { timeout: 300_000 }, async () => {
    const bundles = join(scratch(), 'bundles');
    mkdirSync(bundles);
    for (const [index, version] of [await aVersion(), await aVersion()].entries()) {
      writeFileSync(join(bundles, `${index}.json`), JSON.stringify(deploying(served.target(), version)));
    }

    const outputs = await Promise.all([0, 1].map((index) => inProcess(join(bundles, `${index}.json`), 8)));

    const ferry = await open();
    const told = outputs.flat();
    const history = await ferry.history('web-1');
    expect(told).toHaveLength(16);
    expect(history.map(({ deploymentId }) => deploymentId).sort()).toEqual(
      told.map(({ executionName }) => executionName).sort(),
    );
    const fences = told.map(({ output }) => output.fence).filter((fence) => fence !== null);
    expect(new Set(fences).size).toBe(fences.length);
  });
});

describe('a certferry process that is killed in the middle of a push', () => {
  test('leaves a lock that the next deployment takes over at once', { timeout: 120_000 }, async () => {
    const { ferry, first } = await enrolledFerry();
    const gate = join(scratch(), 'gate');
    const slow = served.target({
      config: { validateCommand: ['sh', '-c', `while [ ! -e ${gate} ]; do sleep 0.05; done`] },
    });
    const request = join(scratch(), 'request.json');
    const version = await aVersion();
    writeFileSync(request, JSON.stringify(deploying(slow, version)));
    const child = spawnDeployments(request, 1);
    const dead = await enteredBy(child, 'PushBundle');
    await untilAgentRuns(stateDir, 2);

    child.kill('SIGKILL');
    await once(child, 'exit');
    const before = await ferry.inspect(dead);
    writeFileSync(gate, '');
    const next = await ferry.deploy(deploying(served.target(), first));

    expect(before).toMatchObject({ status: 'ABORTED', output: null });
    expect(['deployed', 'unchanged']).toContain(next.output.outcome);
    expect(next.output.fence).toBe(3);
    expect(readFileSync(served.keyPath, 'utf8')).toBe(first.keyPem);
  });

  test('is told in the history by the next process, and its lock is free', { timeout: 120_000 }, async () => {
    const { ferry } = await enrolledFerry();
    await ferry.close();
    const request = join(scratch(), 'request.json');
    writeFileSync(request, JSON.stringify(deploying(served.target(), await aVersion())));
    const child = spawnDeployments(request, 1);
    const dead = await enteredBy(child, 'PushBundle');
    child.kill('SIGKILL');
    await once(child, 'exit');

    const later = await open();

    expect((await later.history('web-1'))[0]).toMatchObject({
      deploymentId: dead,
      recordedBy: 'status-change',
    });
    expect(await later.inspect(dead)).toMatchObject({ status: 'ABORTED', stoppedAt: expect.any(Number) });
  });
});

test('closing a ferry aborts what it carries and frees the lock', { timeout: 120_000 }, async () => {
  const { ferry, first } = await enrolledFerry();
  const gate = join(scratch(), 'gate');
  const slow = served.target({
    config: { validateCommand: ['sh', '-c', `while [ ! -e ${gate} ]; do sleep 0.05; done`] },
  });
  const carried = ferry.deploy(deploying(slow, await aVersion()));
  await untilAgentRuns(stateDir, 2);

  await ferry.close();
  writeFileSync(gate, '');
  const { status, output } = await carried;
  const next = await (await open()).deploy(deploying(served.target(), first));

  expect([status, output.outcome]).toEqual(['ABORTED', 'lost']);
  expect(['deployed', 'unchanged']).toContain(next.output.outcome);
});

interface Told {
  readonly executionName: string;
  readonly output: DeployResult['output'];
}

function spawnDeployments(request: string, count: number) {
  const program = join(import.meta.dirname, 'deploy-many.ts');
  return spawn(process.execPath, [program, stateDir, request, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function inProcess(request: string, count: number): Promise<Told[]> {
  const child = spawnDeployments(request, count);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(0);
  const told = text.split('\n').filter((line) => line.startsWith('{"executionName"'));
  return told.map((line) => JSON.parse(line) as Told);
}

/** Waits until the process says that a state was entered; gives the execution's name. */
async function enteredBy(child: ReturnType<typeof spawnDeployments>, state: string): Promise<string> {
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    if (chunk.toString().includes(`entered ${state}`)) break;
  }
  const [running] = readdirSync(join(stateDir, 'executions/running'));
  return running ?? '';
}

/** Waits until so many commands have come to the host and the last one has started. */
async function untilAgentRuns(folder: string, commands: number): Promise<void> {
  const started = (id: string) => {
    const file = join(folder, 'commands', id, 'command.json');
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).startedAt !== null;
  };
  for (;;) {
    const ids = readdirSync(join(folder, 'commands'));
    if (ids.length > commands && ids.every(started)) return;
    await sleep(20);
  }
}

function fencesInOrder(results: readonly DeployResult[]): boolean {
  const held = results.filter(({ output }) => output.fence !== null);
  const byFence = held.sort((one, other) => (one.output.fence ?? 0) - (other.output.fence ?? 0));
  const pushes = byFence.map(({ events }) => timeOf(events, 'PushBundle'));
  return (
    new Set(held.map(({ output }) => output.fence)).size === held.length &&
    pushes.every((at, index) => index === 0 || at >= (pushes[index - 1] ?? 0))
  );
}

const timeOf = (events: DeployResult['events'], state: string) =>
  events.find(({ type, state: at }) => type === 'StateEntered' && at?.name === state)?.timestamp ?? 0;

/** Pairs of deployments that held the target at the same time, seen from their graphs. */
function overlaps(results: readonly DeployResult[]): number {
  const spans = results
    .filter(({ output }) => output.outcome !== 'superseded')
    .map(({ events }) => [timeOf(events, 'PushBundle'), timeOf(events, 'CommitDeployment')] as const)
    .sort(([one], [other]) => one - other);
  return spans.filter(([start], index) => index > 0 && start < (spans[index - 1]?.[1] ?? 0)).length;
}

/** The key as it might lie about: body lines of its PEM, its bytes, and those in base64 and base64url. */
function needlesOf(keyPem: string): Buffer[] {
  const lines = keyPem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  const der = Buffer.from(lines.join(''), 'base64');
  // the part that no other key has
  const own = der.subarray(-60);
  return [
    own,
    Buffer.from(own.toString('base64url').slice(4, -4)),
    ...lines.map((line) => Buffer.from(line)),
  ].filter((needle) => needle.length > 20);
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
