import { Duration } from 'aws-cdk-lib';
import type { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { limits } from '../core/limits.ts';
import { checkStrategy } from '../core/registry/registrations.ts';
import type { StrategyOverrides } from '../core/registry/strategy.ts';
import { AgentAssets } from './agent/agent-assets.ts';
import { AgentDocument } from './agent/agent-document.ts';
import { installedRuntime, type Runtime } from './agent/agent-runtime.ts';
import { type Artefacts, artefactsIn } from './common/artefacts.ts';
import { checkProps } from './common/check-props.ts';
import { deployTargetName, rolloutName } from './common/names.ts';
import { Events } from './events/events.ts';
import { linkApproval } from './functions/approval-link.ts';
import { Functions } from './functions/functions.ts';
import type { Network } from './functions/task-function.ts';
import { type Task, type TaskName, tasks } from './functions/tasks.ts';
import { runWaves } from './grants/execution-grants.ts';
import type { SourceAccess } from './grants/source-grants.ts';
import { moveWaves, type Shared } from './grants/work-bucket-and-topic.ts';
import { Alarms } from './monitoring/alarms.ts';
import { Dashboard } from './monitoring/dashboard.ts';
import { Notifications, type NotificationTopic } from './monitoring/notifications.ts';
import { writeOutputs } from './outputs.ts';
import { type CertificateInput, Registrations } from './registrations/registrations.ts';
import type { TargetInput } from './registrations/target-input.ts';
import { Machine } from './state-machines/state-machine.ts';
import { EncryptionKey } from './storage/encryption-key.ts';
import { Tables } from './storage/tables.ts';
import { WorkBucket } from './storage/work-bucket.ts';

export interface CertferryProps {
  /** On what hosts run the agent. Default: the Node binary of the installed npm package `node`. */
  readonly runtime?: Runtime;
  /** Where versions of certificates may be read from. Default: whatever is tagged `certferry=true`. */
  readonly sources?: SourceAccess;
  /** Where the Lambdas run that open connections to endpoints. Default: outside any VPC, where they reach public addresses only. */
  readonly network?: Network;
  /** For tables, logs, notifications and the files of rollouts. Default: one is made. */
  readonly encryptionKey?: IKey;
  /** Who is told of alarms, questions and ends. Default: a topic that nobody listens to yet. */
  readonly notifications?: NotificationTopic;
  /** How often every endpoint is looked at. Default: every six hours; `false`: never. */
  readonly sweepSchedule?: Duration | false;
  /** What a certificate's strategy does not say. Default: a canary of one, then 10 %, then everybody. */
  readonly defaultStrategy?: StrategyOverrides;
  /** How long logs are kept. Default: a year. */
  readonly logRetention?: RetentionDays;
  /**
   * How many days the history of deployments is kept. Default: 400. Rollouts and their files are always kept for 400: one may
   * last a year, and be resumed after it.
   */
  readonly historyRetentionDays?: number;
  /** An alarm tells of certificates that expire in less than so many days. Default: 14. */
  readonly expiryAlarmDays?: number;
  /** How many commands all functions together send in a second. Default: 10; SSM publishes no limit of its own. */
  readonly commandsPerSecond?: number;
  /**
   * Questions to people hold a link that answers them. It is a public address, guarded by a secret in the link alone:
   * whoever reads the message can answer. Default: no; `certferry approve` answers.
   */
  readonly approvalLinks?: boolean;
  /** Ids of other accounts with hosts, each with a {@link CertferryMember}. */
  readonly accounts?: readonly string[];
  /** Folder of the built artefacts. Default: the `dist/` of this package. */
  readonly artefacts?: string;
}

/** Everything certferry has in one account and region. Names are fixed: one of it a region. */
export class Certferry extends Construct {
  readonly deployTarget: StateMachine;
  readonly rollout: StateMachine;
  /** For people: subscribe to it. */
  readonly notifications: ITopic;
  /** To be attached to the hosts' instance roles: fetches the pinned agent and runtime. */
  readonly hostPolicy: ManagedPolicy;
  readonly tables: Tables;
  readonly #registrations: Registrations;

  constructor(scope: Construct, id: string, props: CertferryProps = {}) {
    super(scope, id);
    checkProps(props);
    const artefacts = artefactsIn(props.artefacts);
    const { key } = new EncryptionKey(this, 'Key', { existing: props.encryptionKey });
    const tables = new Tables(this, 'Tables', { key });
    const { bucket } = new WorkBucket(this, 'Work', { key });
    const { topic } = new Notifications(this, 'Notifications', { ...props.notifications, key });
    const assets = new AgentAssets(this, 'Agent', {
      artefacts,
      runtime: props.runtime ?? installedRuntime(),
    });
    const document = new AgentDocument(this, 'Document', { artefacts, assets });
    const functions = this.#functions({ artefacts, key, tables, topic, workBucket: bucket }, props);
    const machines = this.#machines({ artefacts, key, functions, workBucket: bucket, topic }, props);
    const events = new Events(this, 'Events', {
      functions,
      accounts: props.accounts ?? [],
      sources: props.sources ?? {},
      sweepEvery: props.sweepSchedule === false ? null : (props.sweepSchedule ?? Duration.hours(6)),
    });
    const { all: alarms } = new Alarms(this, 'Alarms', {
      topic,
      ...machines,
      undelivered: events.undelivered,
      expiryAlarmDays: props.expiryAlarmDays ?? 14,
    });
    new Dashboard(this, 'Dashboard', { alarms });
    this.#registrations = new Registrations(this, 'Registrations', {
      sync: functions.get('sync-registry'),
      defaultStrategy: props.defaultStrategy ?? {},
    });

    this.deployTarget = machines.deployTarget;
    this.rollout = machines.rollout;
    this.notifications = topic;
    this.hostPolicy = assets.hostPolicy;
    this.tables = tables;
    writeOutputs(this, { machines, functions, document, assets, tables, key, topic, bucket, events });
  }

  /** Has versions of this certificate carried to its targets. Throws InvalidTarget, naming the fields. */
  addCertificate(certificate: CertificateInput): this {
    this.#registrations.addCertificate(certificate);
    return this;
  }

  /** A place where a certificate goes: {@link Target}. Throws InvalidTarget, naming the fields. */
  addTarget(target: TargetInput): this {
    this.#registrations.addTarget(target);
    return this;
  }

  /** Everything in a targets file, YAML or JSON. Throws InvalidTarget, naming the fields. */
  addTargetsFile(path: string): this {
    this.#registrations.addFile(path);
    return this;
  }

  #functions(made: Made & { readonly tables: Tables }, props: CertferryProps): Functions {
    const { approvalLinks = false, commandsPerSecond, defaultStrategy, historyRetentionDays } = props;
    if (defaultStrategy !== undefined) checkStrategy(defaultStrategy);
    const functions = new Functions(this, 'Functions', {
      ...made,
      network: props.network,
      sources: props.sources ?? {},
      accounts: props.accounts ?? [],
      logRetention: props.logRetention ?? RetentionDays.ONE_YEAR,
      without: approvalLinks ? [] : ['decide-approval'],
    });
    if (approvalLinks) linkApproval(functions);
    if (defaultStrategy !== undefined) {
      functions.tell(['resolve-certificate'], 'DEFAULT_STRATEGY', JSON.stringify(defaultStrategy));
    }
    if (commandsPerSecond !== undefined) {
      functions.tell(senders, 'SEND_RATE', String(commandsPerSecond));
      functions.tell(senders, 'SEND_BURST', String(burstOf(commandsPerSecond)));
    }
    if (historyRetentionDays !== undefined) {
      functions.tell(['record-outcome', 'release-lock'], 'HISTORY_DAYS', String(historyRetentionDays));
    }
    return functions;
  }

  #machines({ artefacts, ...made }: Made & { readonly functions: Functions }, props: CertferryProps) {
    const common = { ...made, logRetention: props.logRetention ?? RetentionDays.ONE_YEAR };
    const deployTarget = new Machine(this, 'DeployTarget', {
      ...common,
      name: deployTargetName,
      comment: 'One certificate version to one target, proven, or undone',
      definition: artefacts.deployTarget,
    });
    const rollout = new Machine(this, 'Rollout', {
      ...common,
      name: rolloutName,
      comment: 'One certificate version to all its targets, in waves',
      definition: artefacts.rollout,
      grants: [runWaves(this), moveWaves(this, made)],
    });
    return { deployTarget: deployTarget.machine, rollout: rollout.machine };
  }
}

/** Twice what a second allows, so that a pause is not lost. */
const burstOf = (rate: number) =>
  Math.min(limits.sendBurst.most, Math.max(limits.sendBurst.least, Math.ceil(2 * rate)));

/** They send commands, and take their turn for it. */
const senders = (Object.keys(tasks) as TaskName[]).filter((name) =>
  (tasks[name] as Task).permissions?.includes('sendCommands'),
);

/** What functions and state machines are made of. */
interface Made extends Shared {
  readonly artefacts: Artefacts;
}
