import { type Duration, Stack, Token } from 'aws-cdk-lib';
import { EventBus, type EventPattern, Schedule } from 'aws-cdk-lib/aws-events';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { deployTargetName, eventBusName, rolloutName, waveLabel } from '../common/names.ts';
import type { Functions } from '../functions/functions.ts';
import { localArn } from '../grants/grant.ts';
import type { SourceAccess } from '../grants/source-grants.ts';
import { commandEnded } from './command-events.ts';
import { EventSource } from './event-source.ts';
import { instanceTriggers, triggersFor } from './trigger-patterns.ts';

interface EventsProps {
  readonly functions: Functions;
  /** Ids of the member accounts, which forward the events of their hosts to the bus of this stack. */
  readonly accounts: readonly string[];
  /** The configured sources. Rules ignore events of other sources. */
  readonly sources: SourceAccess;
  /** The interval of the drift sweep; null disables it. */
  readonly sweepEvery: Duration | null;
}

/**
 * The events that start functions outside state machines. All of them except S3 events are best effort, so each has a fallback:
 *
 * - end of a command: the timeouts of the states
 * - failed execution: the next deployment takes over its lock. AWS does not document events for deployments of a
 *   Distributed Map.
 * - new version, instance or tag: the drift sweep
 */
export class Events extends Construct {
  readonly bus: EventBus;
  readonly undelivered: readonly Queue[];

  constructor(scope: Construct, id: string, props: EventsProps) {
    super(scope, id);
    this.bus = this.#bus(props.accounts);
    const sources = [
      this.#commands(props),
      this.#executions(props.functions),
      this.#triggers(props),
      ...this.#sweep(props),
    ];
    this.undelivered = sources.map(({ undelivered }) => undelivered);
  }

  /** A forged event does no harm: each function reads the facts from the service concerned. */
  #bus(accounts: readonly string[]): EventBus {
    const bus = new EventBus(this, 'Bus', {
      eventBusName,
      description: 'certferry: events from operators, programs and member accounts',
    });
    if (accounts.length === 0) return bus;
    bus.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Members',
        principals: accounts.map((account) => new AccountPrincipal(account)),
        actions: ['events:PutEvents'],
        resources: [bus.eventBusArn],
      }),
    );
    return bus;
  }

  #commands({ functions, accounts }: EventsProps): EventSource {
    const source = new EventSource(this, 'CommandEnded', { task: functions.get('command-status') });
    source.on('Here', 'a command on a host ended', { pattern: commandEnded });
    if (accounts.length === 0) return source;
    const pattern: EventPattern = { ...commandEnded, account: [...accounts] };
    return source.on('Members', 'a command on a host of another account ended', { pattern, bus: this.bus });
  }

  #executions(functions: Functions): EventSource {
    const machine = (name: string) => localArn(this, 'states', `stateMachine:${name}`).arn;
    return new EventSource(this, 'ExecutionEnded', { task: functions.get('release-lock') }).on(
      'Broken',
      'a deployment failed, timed out or was aborted; its lock may still be held',
      {
        pattern: {
          source: ['aws.states'],
          detailType: ['Step Functions Execution Status Change'],
          detail: {
            stateMachineArn: [machine(deployTargetName), { prefix: machine(`${rolloutName}/${waveLabel}`) }],
            status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
          },
        },
      },
    );
  }

  #triggers({ functions, sources, accounts }: EventsProps): EventSource {
    const source = new EventSource(this, 'Announced', { task: functions.get('start-rollouts') });
    const scope = { ...sources, account: Stack.of(this).account };
    for (const [at, [name, trigger]] of Object.entries(triggersFor(scope)).entries()) {
      const { description, pattern, ownBus } = trigger;
      // the name of a bucket of the same stack is unknown during synthesis
      source.on(Token.isUnresolved(name) ? `Trigger${at}` : name, description, {
        pattern,
        ...(ownBus === true && { bus: this.bus }),
      });
    }
    if (accounts.length === 0) return source;
    for (const [name, { description, pattern }] of Object.entries(instanceTriggers)) {
      source.on(`Members${name}`, `in another account, ${description}`, {
        pattern: { ...pattern, account: [...accounts] },
        bus: this.bus,
      });
    }
    return source;
  }

  #sweep({ functions, sweepEvery }: EventsProps): EventSource[] {
    if (sweepEvery === null) return [];
    const source = new EventSource(this, 'Sweep', { task: functions.get('sweep') });
    return [source.on('Schedule', 'start a drift sweep', { schedule: Schedule.rate(sweepEvery) })];
  }
}
