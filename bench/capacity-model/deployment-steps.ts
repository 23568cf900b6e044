import type { Quotas, RateName } from './quotas.ts';

/** One step: its use of each rate, and its duration. `lambda` means that a function runs during the step. */
export interface Step {
  readonly name: string;
  readonly takes: Partial<Record<RateName, number>>;
  readonly seconds: number;
  readonly lambda: boolean;
}

/**
 * The steps of a successful deployment to an enrolled host. Eight of them are transitions of the state machine. Writes in a
 * transaction count twice, as in DynamoDB.
 */
export function stepsOf({ seconds }: Quotas): readonly Step[] {
  const lambda = true;
  return [
    { name: 'Splay', takes: { childStarts: 1, transitions: 1 }, seconds: 0, lambda: false },
    {
      name: 'AcquireLock',
      // writes: request number, locks of target and host, latest request; reads the item of the rollout
      takes: { transitions: 1, controlReads: 1, tableWrites: 4 },
      seconds: seconds.acquireLock,
      lambda,
    },
    {
      name: 'PushBundle',
      // writes: the command before it is sent and its id afterwards; takes one token of the command rate
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
      // one transaction: history with two indexes, locks of target and host, installed version
      takes: { transitions: 1, tableWrites: 10 },
      seconds: seconds.record,
      lambda,
    },
    { name: 'Deployed', takes: { transitions: 1 }, seconds: 0, lambda: false },
  ];
}

/** The use of a rate by one deployment. */
export function takenOf(rate: RateName, steps: readonly Step[]): number {
  return steps.reduce((sum, { takes }) => sum + (takes[rate] ?? 0), 0);
}
