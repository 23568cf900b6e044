// Walks through a machine's file with functions that only return values. A walk shows where the graph leads after a value,
// and nothing about the functions.
import { join } from 'node:path';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import { openObjects } from '../../local/aws/objects.ts';
import {
  readDeployTarget,
  readRollout,
  type StateMachineDefinition,
} from '../../local/step-functions/definition.ts';
import { type Executions, openExecutions } from '../../local/step-functions/executions.ts';
import { scratch } from '../local/scratch.ts';
import type { MachineName } from './branches.ts';
import { hurried } from './faults.ts';

/** A value that a function returns, or the name of an error that it throws. */
export type Reply = Readonly<Record<string, unknown>> | string;

/** Replies by function, in order. The last one repeats. The key of a recording function contains its path. */
export type Script = Readonly<Record<string, readonly Reply[]>>;

export const probed = (verdict: string) => ({
  verdict,
  attempt: 1,
  waitSeconds: 0,
  summary: 'probed',
  observations: [],
});
export const pushed = (outcome: string) => ({ outcome, version: null, served: null });

export const lockedFor = (probeFrom: string) => ({
  deployment: { probeFrom },
  push: null,
  probe: probed('retry'),
  rollback: null,
  restored: probed('retry'),
  failure: null,
});

const items = { bucket: 'work', key: 'wave-1/items.json' };
const results = { bucket: 'work', key: 'wave-1/results' };

/** The fields of a rollout's state that the graph reads. */
export const rolling = (changes: { wave?: object; judgement?: object; halt?: object } = {}) => ({
  rollout: { strategy: { approvalTimeoutSeconds: 30, pauseSeconds: 0 } },
  wave: { verdict: 'deploy', waitSeconds: 0, items, results, maxConcurrency: 1, ...changes.wave },
  deployed: null,
  judgement: { verdict: 'next', waitSeconds: 0, ...changes.judgement },
  approval: null,
  halt: changes.halt ?? null,
  failure: null,
});

export const wave = (verdict: string, changes: object = {}) => rolling({ wave: { verdict, ...changes } });
export const judged = (verdict: string) => rolling({ judgement: { verdict } });

/** The replies of a run without failures. */
export const usual: Script = {
  'acquire-lock': [lockedFor('lambda')],
  'push-bundle': [pushed('applied')],
  'reconcile-command': [pushed('applied')],
  'probe-endpoint': [probed('verified')],
  'probe-from-host': [probed('verified')],
  'roll-back': [pushed('restored')],
  'probe-restored': [probed('verified')],
  'resolve-certificate': [rolling()],
  'next-wave': [wave('deploy'), wave('finished')],
  'judge-wave': [judged('next')],
  'probe-services': [judged('next')],
  'ask-approval': [{ verdict: 'approved', by: 'an operator' }],
  'halt-rollout': [rolling({ halt: { verdict: 'stop' } })],
  'end-rollout:halted': ['RolloutHalted'],
};

export interface Walk {
  readonly status: string;
  /** The events of the execution itself. */
  readonly events: readonly ExecutionEvent[];
  /** The events of the children of its Distributed Map. */
  readonly children: readonly ExecutionEvent[];
}

/** Without `hasItems`, the wave's file is missing and the Distributed Map fails. */
export async function walk(
  machine: MachineName,
  script: Script,
  { hasItems = true }: { hasItems?: boolean } = {},
): Promise<Walk> {
  const folder = scratch();
  const objects = openObjects(join(folder, 'objects'));
  if (hasItems) {
    const lines = [{ target: { id: 'web-1' }, splaySeconds: 0 }];
    await objects.put(items.bucket, items.key, Buffer.from(JSON.stringify(lines)));
  }
  let executions: Executions | null = null;
  const reply = replier({ ...usual, ...script });
  const children: ExecutionEvent[] = [];
  executions = openExecutions({
    machines: machinesOf(),
    folder: join(folder, 'executions'),
    objects,
    onEnded: async () => undefined,
    async invoke(name, payload) {
      const { taskToken, path } = payload as { taskToken?: string; path?: string };
      const value = reply(path === undefined ? name : `${name}:${path}`);
      if (taskToken === undefined) return value;
      executions?.tokens.succeed(taskToken, value);
      return { summary: 'returned' };
    },
  });
  const keep = (event: ExecutionEvent, of: { readonly name: string }) => {
    if (of.name !== 'walk') children.push(event);
  };
  const ended = await executions.run(
    'walk',
    {},
    keep,
    machine === 'rollout' ? 'certferry-rollout' : undefined,
  );
  await executions.close();
  return { status: ended.status, events: ended.events, children };
}

let machines: Record<string, StateMachineDefinition> | undefined;

function machinesOf(): Record<string, StateMachineDefinition> {
  machines ??= {
    'deploy-target': hurried(readDeployTarget()),
    'certferry-rollout': hurried(readRollout()),
  };
  return machines;
}

/** Returns or throws a function's next reply. */
function replier(script: Script): (key: string) => unknown {
  const counts = new Map<string, number>();
  return (key) => {
    const replies = script[key] ?? [{ outcome: 'ended', summary: 'recorded' }];
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    const next = replies[Math.min(count, replies.length - 1)];
    if (typeof next !== 'string') return next;
    throw Object.assign(new Error(next), {
      errorType: next,
      cause: JSON.stringify({ errorMessage: 'injected' }),
    });
  };
}
