// The environment of the executions of one story: the real services on a database in memory, hosts, and a Step Functions
// that reports which executions run. Every outgoing call of a function waits in the interleaver.
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { DeliveryServices } from '../../../lambdas/delivery/deliver.ts';
import type { RecordingServices } from '../../../lambdas/recording/record.ts';
import { tableNames } from '../../../local/dynamodb/stack-tables.ts';
import { createHistory } from '../../../services/history/history.ts';
import { createHostLocks } from '../../../services/locks/host-locks.ts';
import { createPendingCommands } from '../../../services/locks/pending-commands.ts';
import { createTargetLocks } from '../../../services/locks/target-locks.ts';
import type { Messages } from '../../../services/notify/sns-messages.ts';
import { createDesiredVersions, type DesiredVersions } from '../../../services/registry/desired-versions.ts';
import { createHostKeys } from '../../../services/registry/host-keys.ts';
import { createRollouts } from '../../../services/rollouts/rollout-store.ts';
import { memoryDynamoDb } from '../../fakes/dynamodb/documents.ts';
import { fakeSendRate } from '../../fakes/send-rate.ts';
import { type ModelAnswer, ModelHosts, type ModelJob } from './hosts.ts';
import { Interleaver } from './interleaver.ts';
import type { Plan, Run } from './run.ts';
import { lockWatch } from './watch.ts';

export type Services = DeliveryServices &
  RecordingServices & {
    readonly desiredVersions: DesiredVersions;
    readonly messages: Messages;
    readonly rollouts: ReturnType<typeof createRollouts>;
  };

interface InFlightCommand {
  readonly job: ModelJob;
  readonly about: string;
}

export class Environment {
  readonly interleaver: Interleaver;
  readonly hosts = new ModelHosts();
  readonly runs: Run[] = [];
  readonly problems: string[] = [];
  readonly counts: Record<string, number> = {};
  readonly startedAt = Date.parse('2026-11-22T12:00:00.000Z');
  readonly watch = lockWatch({
    hadEnded: (arn) => this.#run(arn)?.hadEnded ?? true,
    records: (arn) => this.#run(arn)?.records ?? false,
    onReleased: (arn) => this.#run(arn)?.leave(),
  });
  readonly #memory = memoryDynamoDb((written) => this.watch.onWrite(written));
  readonly #services: Omit<Services, 'clock'>;
  readonly #inFlight: InFlightCommand[] = [];
  /** Commands that SSM delivers after their executions have stopped waiting. */
  readonly #late: InFlightCommand[] = [];
  readonly #answers = new Map<string, ModelAnswer>();
  #commands = 0;
  unverifiedPercent = 10;
  timeOutPercent = 2;
  unknownPercent = 5;
  latePercent = 25;
  #patient = false;

  constructor(seed: number) {
    this.interleaver = new Interleaver(seed);
    this.#services = this.#makeServices();
  }

  /** Direct access for checks, outside the interleaver. */
  get atOnce() {
    const { documents } = this.#memory;
    return {
      locks: createTargetLocks(documents, tableNames.locks),
      hostLocks: createHostLocks(documents, tableNames.locks),
      history: createHistory(documents, tableNames),
      rollouts: createRollouts(documents, tableNames.registry),
    };
  }

  items(table: keyof typeof tableNames) {
    return this.#memory.items(tableNames[table]);
  }

  servicesOf({ skew }: Pick<Plan, 'skew'>): Services {
    return { ...this.#services, clock: { now: () => new Date(this.startedAt + skew) } };
  }

  isPatient(): boolean {
    return this.#patient;
  }

  /** From now on no call fails, and every execution waits without limit. */
  calm(): void {
    this.#patient = true;
    this.interleaver.mishapsPercent = 0;
    this.unknownPercent = 0;
    this.latePercent = 0;
  }

  /** Two running executions that were never stopped never hold the same target or host. */
  onInside(run: Run): void {
    const others = this.runs.filter((other) => other !== run && other.inside && other.status === 'running');
    for (const { plan } of others.filter((other) => !other.hadEnded && !run.hadEnded)) {
      if (plan.targetId === run.plan.targetId || plan.host === run.plan.host) {
        this.problems.push(`${plan.arn} and ${run.plan.arn} are both inside ${plan.host}`);
      }
    }
  }

  answerTo({ arn }: Plan, action: string): ModelAnswer | undefined {
    return this.#answers.get(`${arn} ${action}`);
  }

  /** Commands with a waiting execution; late ones are delivered now. */
  get inFlight(): number {
    const awaited = this.#late.filter(({ job }) => this.#run(job.executionArn)?.status === 'running');
    for (const flight of awaited) this.#inFlight.push(...this.#late.splice(this.#late.indexOf(flight), 1));
    return this.#inFlight.length;
  }

  /** Commands without a waiting execution. */
  landLate(): void {
    for (const { job } of this.#late.splice(0)) this.hosts.run(job);
  }

  /** Delivers any one of the pending commands, however late. */
  land(): void {
    const [flight] = this.#inFlight.splice(this.interleaver.draw(this.#inFlight.length), 1);
    if (flight !== undefined) this.#answers.set(flight.about, this.hosts.run(flight.job));
  }

  #run(arn: string): Run | undefined {
    return this.runs.find(({ plan }) => plan.arn === arn);
  }

  #makeServices(): Omit<Services, 'clock'> {
    const documents = this.#waiting();
    return {
      locks: createTargetLocks(documents, tableNames.locks),
      hostLocks: createHostLocks(documents, tableNames.locks),
      history: createHistory(documents, tableNames),
      pending: createPendingCommands(documents, tableNames.locks),
      desiredVersions: createDesiredVersions(documents, tableNames.registry),
      hostKeys: createHostKeys(documents, tableNames.registry),
      rollouts: createRollouts(documents, tableNames.registry),
      messages: { send: async () => {}, commandLine: (words) => words },
      metrics: { waits: () => {}, ended: () => {} },
      notices: { hostKeyChanged: async () => {} },
      onHostKeyChange: 'notify',
      whereabouts: async () => ({ type: 'present' }),
      sendRate: fakeSendRate(),
      executions: {
        status: (arn) => this.interleaver.call(() => this.#statusOf(arn)),
        start: async () => 'exists',
        complete: async () => true,
        fail: async () => true,
      },
      commands: {
        requireReachable: async () => {},
        readInvocation: async () => null,
        send: ({ job }) => this.interleaver.call(() => this.#send(JSON.parse(job) as ModelJob & Plan)),
      },
    };
  }

  /** The same services, with each call scheduled by the interleaver. */
  #waiting(): DynamoDBDocumentClient {
    const send = (command: object) => this.interleaver.call(() => this.#memory.run(command));
    return Object.create(DynamoDBDocumentClient.prototype, { send: { value: send } });
  }

  /** A deleted execution is unknown, which counts as ended. */
  #statusOf(arn: string) {
    if (this.interleaver.chance(this.unknownPercent)) return 'unknown' as const;
    return this.#run(arn)?.status === 'running' ? ('running' as const) : ('ended' as const);
  }

  #send(job: ModelJob & Plan): string {
    const { arn: executionArn, action } = job;
    const flights = this.interleaver.chance(this.latePercent) ? this.#late : this.#inFlight;
    flights.push({ job: { ...job, executionArn }, about: `${executionArn} ${action}` });
    this.#commands += 1;
    return `command-${this.#commands}`;
  }
}
