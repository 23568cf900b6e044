// Walks through a machine's file with functions that only answer. They cannot show what a function does: only where the
// graph goes after what it says.
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

/** What a function says: an answer, or the name of an error that it throws. */
export type Says = Readonly<Record<string, unknown>> | string;

/** By function (the recording ones by their path too): one after the other, the last one permanently. */
export type Script = Readonly<Record<string, readonly Says[]>>;

export const probed = (verdict: string) => ({
  verdict,
  attempt: 1,
  waitSeconds: 0,
  summary: 'said',
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

const place = { bucket: 'work', key: 'wave-1/items.json' };
const results = { bucket: 'work', key: 'wave-1/results' };

/** A rollout's state, of which the graph reads only this. */
export const rolling = (changes: { wave?: object; judgement?: object; halt?: object } = {}) => ({
  rollout: { strategy: { approvalTimeoutSeconds: 30, pauseSeconds: 0 } },
  wave: { verdict: 'deploy', waitSeconds: 0, items: place, results, maxConcurrency: 1, ...changes.wave },
  deployed: null,
  judgement: { verdict: 'next', waitSeconds: 0, ...changes.judgement },
  approval: null,
  halt: changes.halt ?? null,
  failure: null,
});

export const wave = (verdict: string, changes: object = {}) => rolling({ wave: { verdict, ...changes } });
export const judged = (verdict: string) => rolling({ judgement: { verdict } });

/** Everything goes well. */
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
  'ask-approval': [{ verdict: 'approved', by: 'a person' }],
  'halt-rollout': [rolling({ halt: { verdict: 'stop' } })],
  'end-rollout:halted': ['RolloutHalted'],
};

export interface Walk {
  readonly status: string;
  /** Of the execution itself. */
  readonly events: readonly ExecutionEvent[];
  /** Of the children of its Distributed Map. */
  readonly children: readonly ExecutionEvent[];
}

/** Without the wave's file there is nothing for the Distributed Map to read. */
export async function walk(
  machine: MachineName,
  script: Script,
  { hasItems = true }: { hasItems?: boolean } = {},
): Promise<Walk> {
  const folder = scratch();
  const objects = openObjects(join(folder, 'objects'));
  if (hasItems) {
    const items = [{ target: { id: 'web-1' }, splaySeconds: 0 }];
    await objects.put(place.bucket, place.key, Buffer.from(JSON.stringify(items)));
  }
  let executions: Executions | null = null;
  const says = speaker({ ...usual, ...script });
  const children: ExecutionEvent[] = [];
  executions = openExecutions({
    machines: machinesOf(),
    folder: join(folder, 'executions'),
    objects,
    onEnded: async () => undefined,
    async invoke(name, payload) {
      const { taskToken, path } = payload as { taskToken?: string; path?: string };
      const answer = says(path === undefined ? name : `${name}:${path}`);
      if (taskToken === undefined) return answer;
      executions?.tokens.succeed(taskToken, answer);
      return { summary: 'answered' };
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

/** A function's next word. */
function speaker(script: Script): (key: string) => unknown {
  const counts = new Map<string, number>();
  return (key) => {
    const words = script[key] ?? [{ outcome: 'ended', summary: 'recorded' }];
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    const word = words[Math.min(count, words.length - 1)];
    if (typeof word !== 'string') return word;
    throw Object.assign(new Error(word), {
      errorType: word,
      cause: JSON.stringify({ errorMessage: 'said' }),
    });
  };
}
