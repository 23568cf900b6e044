import type { Quotas, RateName } from './quotas.ts';

/** One step: what it takes of each rate, and how long it then lasts; `lambda`: a function is busy all the while. */
export interface Step {
  readonly name: string;
  readonly takes: Partial<Record<RateName, number>>;
  readonly seconds: number;
  readonly lambda: boolean;
}

/**
 * A deployment that goes well to a host that is enrolled, as the graph has it: eight transitions in a rollout (Splay,
 * AcquireLock, PushBundle, PushOutcome?, ProbeEndpoint, ProbeOutcome?, CommitDeployment, Deployed). Transactions count
 * twice, as DynamoDB counts them.
 */
export function stepsOf({ seconds }: Quotas): readonly Step[] {
  const lambda = true;
  return [
    { name: 'Splay', takes: { childStarts: 1, transitions: 1 }, seconds: 0, lambda: false },
    {
      name: 'AcquireLock',
      // the request's number, the target's lock, its host's, the wish; the rollout's item is read
      takes: { transitions: 1, controlReads: 1, tableWrites: 4 },
      seconds: seconds.acquireLock,
      lambda,
    },
    {
      name: 'PushBundle',
      // the command before it is sent and its id afterwards; its turn
      takes: {
        transitions: 1,
        sourceReads: 1,
        paceWrites: 1,
        sendCommands: 1,
        invocations: 1,
        tableWrites: 3,
      },
      seconds: seconds.pushBundle,
      lambda,
    },
    { name: 'on the host', takes: {}, seconds: seconds.host + seconds.event, lambda: false },
    {
      name: 'command-status',
      takes: { invocations: 1, taskSuccesses: 1, tableWrites: 2 },
      seconds: seconds.commandStatus,
      lambda,
    },
    { name: 'PushOutcome?', takes: { transitions: 1 }, seconds: 0, lambda: false },
    { name: 'ProbeEndpoint', takes: { transitions: 1 }, seconds: seconds.probe, lambda },
    { name: 'ProbeOutcome?', takes: { transitions: 1 }, seconds: 0, lambda: false },
    {
      name: 'CommitDeployment',
      // history with its two indexes, the locks of target and host, what is installed: a transaction
      takes: { transitions: 1, tableWrites: 10 },
      seconds: seconds.record,
      lambda,
    },
    { name: 'Deployed', takes: { transitions: 1 }, seconds: 0, lambda: false },
  ];
}

/** How much of a rate one deployment takes. */
export function takenOf(rate: RateName, steps: readonly Step[]): number {
  return steps.reduce((sum, { takes }) => sum + (takes[rate] ?? 0), 0);
}
