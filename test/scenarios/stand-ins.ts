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

/** The reply of a function that returns nothing before its state times out. */
export const late = Symbol('late');

/** A value that a function returns, or the name of an error that it throws. */
export type Reply = Readonly<Record<string, unknown>> | string | typeof late;

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

export const lockedFor = (probeFrom: string, onProbeUnavailable = 'alert', target = {}) => ({
  deployment: { probeFrom, target: { verify: { onProbeUnavailable }, ...target } },
  push: null,
  probe: probed('retry'),
  rollback: null,
  restored: probed('retry'),
  onDeployed: null,
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
  'run-on-deployed': [pushed('commands_run')],
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

/**
 * Without `hasItems`, the wave's file is missing and the Distributed Map fails. A `lateState` times out after
 * half a second. On a slow machine it may time out more often; its last reply repeats.
 */
export async function walk(
  machine: MachineName,
  script: Script,
  { hasItems = true, lateState }: { hasItems?: boolean; lateState?: string | undefined } = {},
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
    machines: machinesOf(lateState),
    folder: join(folder, 'executions'),
    objects,
    onEnded: async () => undefined,
    async invoke(name, payload) {
      const { taskToken } = payload as { taskToken?: string };
      const value = reply(keyOf(name, payload));
      if (value === late) return new Promise(() => undefined);
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

/** The key of a call in a script: the path of a recording function belongs to it. */
function keyOf(name: string, payload: unknown): string {
  const { path } = payload as { path?: string };
  return path === undefined ? name : `${name}:${path}`;
}

/** Long enough for a stand-in on a busy machine. */
const lateSeconds = 0.5;

const machines = new Map<string, Record<string, StateMachineDefinition>>();

function machinesOf(lateState = ''): Record<string, StateMachineDefinition> {
  const known = machines.get(lateState);
  if (known !== undefined) return known;
  const changes = lateState === '' ? {} : { [lateState]: { TimeoutSeconds: lateSeconds } };
  const made = {
    'deploy-target': hurried(readDeployTarget(), changes),
    'certferry-rollout': hurried(readRollout(), changes),
  };
  machines.set(lateState, made);
  return made;
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
