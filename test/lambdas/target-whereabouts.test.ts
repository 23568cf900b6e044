// A host that is terminated or deselected is gone, at every step of a deployment. A host that is only offline is not.
import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../core/deployment/deployment.ts';
import { CertferryError } from '../../core/errors.ts';
import { createTargetWhereabouts } from '../../lambdas/delivery/target-whereabouts.ts';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { createHandler as commandStatus } from '../../lambdas/handlers/events/command-status.ts';
import type { Whereabouts } from '../../services/fleet/whereabouts.ts';
import { sourcesOf } from '../fixtures/bundle.ts';
import { aTargetId, heldDeployment } from '../fixtures/factories.ts';
import { aRegisteredTarget } from '../fixtures/rollout-state.ts';
import { aHostKey, type Tables, useWorld, type World } from '../fixtures/world.ts';

let world: World;
let _tables: Tables;
useWorld((made, startedTables) => {
  [world, _tables] = [made, startedTables];
});

const terminated = {
  type: 'terminated',
  why: 'EC2 reports it as shutting-down',
} as const satisfies Whereabouts;
const deselected = {
  type: 'deselected',
  why: 'Auto Scaling group web lists it as Standby',
} as const satisfies Whereabouts;
const _kinds = [
  ['terminated', terminated, 'HostTerminated'],
  ['deselected', deselected, 'HostDeselected'],
] as const;

let hosts = 0;
/** `selected`: a selector has found the host; otherwise the target names it. */
async function _aDeployment(selected: boolean, overrides = {}): Promise<Deployment> {
  hosts += 1;
  const host = `i-${hosts.toString(16).padStart(17, '0')}`;
  const id = selected ? `${aTargetId()}.${host}` : aTargetId();
  const deployment = await heldDeployment(world, { target: { host, id }, ...overrides });
  await world.hostKeys.save(host, await aHostKey(), '2026-11-22T10:00:00.000Z');
  return deployment;
}

const _push = (deployment: Deployment) =>
  pushBundle({ ...world, sources: sourcesOf() })({ deployment, taskToken: 'push' });
const _goes = ({ target }: Deployment, where: Whereabouts) => world.gone.set(target.host, where);
const _isOffline = ({ target: { host } }: Deployment) =>
  world.commands.away.set(host, new CertferryError('CommandUndeliverable', `${host} is offline`));

/** The last command ends, without a result of the agent. */
async function _ends(status: string): Promise<void> {
  const { commandId = '', host = '' } = world.commands.sent.at(-1) ?? {};
  world.commands.end(commandId, { status, output: '', exitCode: -1 });
  await commandStatus({ ...world, sleep: async () => {} })({
    detail: { 'command-id': commandId, 'instance-id': host, status },
  });
}

describe('the selector', () => {
  const host = 'i-0123456789abcdef0';
  const asked: unknown[] = [];
  const whereabouts = (selector: object | string) =>
    createTargetWhereabouts({
      catalogue: {
        target: async (id) =>
          id === 'web'
            ? { thing: aRegisteredTarget(0, { host: selector } as never), origin: 'cli' as const }
            : null,
      },
      find: async (_, found) => {
        asked.push(found);
        return { type: 'present' };
      },
    });

  test('The selector is that of the registered target now; a target that names its host has none', async () => {
    const group = { autoScalingGroup: 'web' };
    asked.length = 0;

    await whereabouts(group)({ id: `web.${host}`, host });
    await whereabouts(group)({ id: `unregistered.${host}`, host });
    await whereabouts(host)({ id: 'web', host });

    expect(asked).toEqual([group, null, null]);
  });

  test('A host is not gone if EC2, Auto Scaling or the registry cannot be asked', async () => {
    const fails = async () => {
      throw new Error('Rate exceeded');
    };
    const find = createTargetWhereabouts({ catalogue: { target: fails }, find: fails });

    expect(await find({ id: `web.${host}`, host })).toEqual({ type: 'present' });
    expect(await find({ id: 'web', host })).toEqual({ type: 'present' });
  });
});
