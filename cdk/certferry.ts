import { Duration } from 'aws-cdk-lib';
import type { IGrantable, IRole, ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { checkStrategy } from '../core/registry/registrations.ts';
import { AgentAssets } from './agent/agent-assets.ts';
import { AgentDocuments } from './agent/agent-documents.ts';
import { installedRuntime, type Runtime } from './agent/agent-runtime.ts';
import { JobKeys } from './agent/job-keys.ts';
import { type Artefacts, artefactsIn } from './common/artefacts.ts';
import { checkProps } from './common/check-props.ts';
import { claimNames } from './common/fixed-names.ts';
import { deployTargetName, documentName, rolloutName } from './common/names.ts';
import { Completion } from './completion.ts';
import { Events } from './events/events.ts';
import { addApprovalLinks } from './functions/approval-link.ts';
import { Functions } from './functions/functions.ts';
import { senders, setVariables, tasksWith } from './functions/stack-variables.ts';
import type { Network } from './functions/task-function.ts';
import type { CredentialAccess } from './grants/credential-access.ts';
import { runWaves } from './grants/execution-grants.ts';
import type { SourceAccess } from './grants/source-grants.ts';
import { type SharedResources, transferWaves } from './grants/work-bucket-and-topic.ts';
import type { CertificateInput, StrategyInput } from './inputs/common-types.ts';
import type { TargetInput } from './inputs/kind-types.ts';
import { Alarms } from './monitoring/alarms.ts';
import { Dashboard } from './monitoring/dashboard.ts';
import { Notifications, type NotificationTopic } from './monitoring/notifications.ts';
import { grantOperations, type OperatedParts } from './operator-grants.ts';
import { writeOutputs } from './outputs.ts';
import { Registrations } from './registrations/registrations.ts';
import { Machine } from './state-machines/state-machine.ts';
import { EncryptionKey } from './storage/encryption-key.ts';
import { Tables } from './storage/tables.ts';
import { WorkBucket } from './storage/work-bucket.ts';

/** The settings of a stack. */
export interface CertferryProps {
  /** The Node runtime of the agent on hosts. Default: the binary of the installed npm package `node`. */
  readonly runtime?: Runtime;
  /** The sources that certferry may read. Default: all sources tagged `certferry=true`. */
  readonly sources?: SourceAccess;
  /** The VPC of functions that probe endpoints. Default: no VPC; they reach only public addresses. */
  readonly network?: Network;
  /** The VPC of the function that runs the agent for targets with `host: lambda`. Default: no VPC. */
  readonly agentNetwork?: Network;
  /** Credentials of targets that are registered outside the stack, and the keys of credentials. Default: none. */
  readonly credentials?: CredentialAccess;
  /** The architecture of the functions. Default: ARM_64. Set X86_64 in a region whose Lambda has no arm64. */
  readonly architecture?: Architecture;
  /**
   * The functions call AWS services at endpoints with validated cryptography (FIPS 140). Only some regions have them. Default:
   * false.
   */
  readonly fipsEndpoints?: boolean;
  /**
   * Roles with which SSM Agents manage hosts. The stack attaches the host policy to them. For Default Host Management
   * Configuration, this is the role of that setting, not the instance role. Default: none; attach the output `HostPolicyArn`.
   */
  readonly hostRoles?: readonly IRole[];
  /** The key for tables, logs, notifications and the files of rollouts. Default: a new key. */
  readonly encryptionKey?: IKey;
  /** The topic for alarms, approval requests and results. Default: a new topic without subscribers. */
  readonly notifications?: NotificationTopic;
  /** The interval of the drift sweep, at least 15 minutes; `false` disables it. Default: six hours. */
  readonly sweepSchedule?: Duration | false;
  /** The strategy for fields that a certificate does not set. Default: waves of one target, 10% and 100%. */
  readonly defaultStrategy?: StrategyInput;
  /** The retention of logs. Default: one year. */
  readonly logRetention?: RetentionDays;
  /**
   * The retention of the history of deployments, in days. Default: 400. Rollouts and their files are always kept for 400
   * days, because a rollout may run for a year and be resumed afterwards.
   */
  readonly historyRetentionDays?: number;
  /** The alarm `ExpiryNear` fires if a served certificate expires in less than this number of days. Default: 14. */
  readonly expiryAlarmDays?: number;
  /** Adds a CloudWatch dashboard, which costs 3 USD a month. Alarms do not need it. Default: false. */
  readonly dashboard?: boolean;
  /** The maximum number of SSM commands per second, for all functions together. Default: 10. AWS publishes no limit. */
  readonly commandsPerSecond?: number;
  /**
   * Adds a link to approval requests. The link is a public address; a secret in it is its only protection, so anyone who
   * reads the message can decide. Default: false; operators use `certferry approve`.
   */
  readonly approvalLinks?: boolean;
  /**
   * Names of the keys that sign jobs for hosts. The first one signs, and hosts accept the signatures of all of them.
   * docs/deploying.md describes how to rotate them. Default: one key.
   */
  readonly jobKeyNames?: readonly string[];
  /**
   * Hosts refuse a job whose fence exceeds the last one by more than this number. Each deployment of a target raises its fence
   * by one, also while its host is offline. Default: 100,000.
   */
  readonly maximumFenceStep?: number;
  /**
   * What happens if a host answers with a key that replaces its registered one, e.g. after it was rebuilt. Operators are
   * notified in both cases. `refuse`: deployments to the host fail until you delete the registered key. Default: `notify`.
   */
  readonly onHostKeyChange?: 'notify' | 'refuse';
  /** Ids of other accounts with hosts. Each needs a {@link CertferryMember}. */
  readonly accounts?: readonly string[];
  /** The folder of the built artefacts. Default: the `dist/` of this package. */
  readonly artefacts?: string;
}

/** All resources of certferry in one account and region. Their names are fixed, so a region can have only one. */
export class Certferry extends Construct {
  /** Deploys one version to one target. */
  readonly deployTarget: StateMachine;
  /** Deploys one version to all targets of a certificate, in waves. */
  readonly rollout: StateMachine;
  /** The notification topic for operators. */
  readonly notifications: ITopic;
  /** Attach it to the instance roles of hosts: it allows downloading the pinned agents and runtime. */
  readonly hostPolicy: ManagedPolicy;
  /** The role of the function that runs the agent for targets with `host: lambda`, e.g. for an access entry of EKS. */
  readonly agentRole: IRole;
  /** The tables with locks, registrations and history. */
  readonly tables: Tables;
  readonly #registrations: Registrations;
  readonly #operated: OperatedParts;

  constructor(scope: Construct, id: string, props: CertferryProps = {}) {
    super(scope, id);
    checkProps(props);
    claimNames(this, {
      per: 'region',
      names: `the SSM document ${documentName} and other resources with fixed names`,
      remedy: 'Register all certificates and targets on one Certferry construct.',
    });
    const artefacts = artefactsIn(props.artefacts);
    const { key } = new EncryptionKey(this, 'Key', { existing: props.encryptionKey });
    const tables = new Tables(this, 'Tables', { key });
    const { bucket } = new WorkBucket(this, 'Work', { key });
    const { topic } = new Notifications(this, 'Notifications', { ...props.notifications, key });
    const assets = new AgentAssets(this, 'Agent', {
      artefacts,
      runtime: props.runtime ?? installedRuntime(),
    });
    const keys = new JobKeys(this, 'Signing', { names: props.jobKeyNames ?? ['1'] });
    const functions = this.#functions({ artefacts, key, tables, topic, workBucket: bucket, keys }, props);
    functions.setVariable(['next-wave', 'warm-hosts'], 'AGENT_VERSION', assets.version);
    keys.denyOthers(tasksWith('signJobs').map((name) => functions.get(name).role.roleArn));
    const reader = functions.get('read-job-keys');
    const jobKeys = keys.publicKeys({ functionArn: reader.lambda.functionArn, construct: reader });
    const { maximumFenceStep } = props;
    const documents = new AgentDocuments(this, 'Document', { artefacts, assets, jobKeys, maximumFenceStep });
    // a host must accept what these functions send
    for (const name of senders) functions.get(name).lambda.node.addDependency(documents);
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
    if (props.dashboard === true) new Dashboard(this, 'Dashboard', { alarms });
    this.#registrations = new Registrations(this, 'Registrations', {
      sync: functions.get('sync-registry'),
      agents: {
        runsAgent: functions.get('run-agent'),
        sendsBundles: functions.get('push-bundle'),
        sendsOtherJobs: [functions.get('reconcile-command'), functions.get('roll-back')],
      },
      readers: tasksWith('readSources').map((name) => functions.get(name)),
      hostPolicy: assets.hostPolicy,
      defaultStrategy: props.defaultStrategy ?? {},
    });
    new Completion(this, 'Completion', { completes: functions.get('complete-stack'), documents, tables });

    this.deployTarget = machines.deployTarget;
    this.rollout = machines.rollout;
    this.notifications = topic;
    this.hostPolicy = assets.hostPolicy;
    for (const role of props.hostRoles ?? []) assets.hostPolicy.attachToRole(role);
    this.agentRole = functions.get('run-agent').role;
    this.tables = tables;
    this.#operated = { scope: this, tables, workBucket: bucket, functions, ...machines };
    writeOutputs(this, { machines, functions, jobKeys, assets, tables, key, topic, bucket, events });
  }

  /** Registers a certificate, so that its versions are deployed. @throws CertferryError InvalidTarget */
  addCertificate(certificate: CertificateInput): this {
    this.#registrations.addCertificate(certificate);
    return this;
  }

  /** Registers a target, built with {@link Target}. @throws CertferryError InvalidTarget */
  addTarget(target: TargetInput): this {
    this.#registrations.addTarget(target);
    return this;
  }

  /** Registers all certificates and targets of a targets file (YAML or JSON). @throws CertferryError InvalidTarget */
  addTargetsFile(path: string): this {
    this.#registrations.addFile(path);
    return this;
  }

  /** Allows a role, such as that of a pipeline, to use the command line on this stack. `doctor` needs further read access. */
  grantOperate(grantee: IGrantable): void {
    grantOperations(grantee, this.#operated);
  }

  #functions(
    { keys, ...inputs }: Inputs & { readonly tables: Tables; readonly keys: JobKeys },
    props: CertferryProps,
  ): Functions {
    const { approvalLinks = false, defaultStrategy } = props;
    if (defaultStrategy !== undefined) checkStrategy(defaultStrategy);
    const functions = new Functions(this, 'Functions', {
      ...inputs,
      jobKeys: keys,
      network: props.network,
      agentNetwork: props.agentNetwork,
      sources: props.sources ?? {},
      credentials: props.credentials ?? {},
      accounts: props.accounts ?? [],
      logRetention: props.logRetention ?? RetentionDays.ONE_YEAR,
      architecture: props.architecture ?? Architecture.ARM_64,
      excluded: approvalLinks ? [] : ['decide-approval'],
    });
    if (approvalLinks) addApprovalLinks(functions);
    setVariables(functions, props);
    return functions;
  }

  #machines({ artefacts, ...inputs }: Inputs & { readonly functions: Functions }, props: CertferryProps) {
    const common = { ...inputs, logRetention: props.logRetention ?? RetentionDays.ONE_YEAR };
    const deployTarget = new Machine(this, 'DeployTarget', {
      ...common,
      name: deployTargetName,
      comment: 'Deploys one certificate version to one target, verifies it, and rolls back on failure',
      definition: artefacts.deployTarget,
    });
    const rollout = new Machine(this, 'Rollout', {
      ...common,
      name: rolloutName,
      comment: 'Deploys one certificate version to all targets, in waves',
      definition: artefacts.rollout,
      grants: [runWaves(this), transferWaves(this, inputs)],
    });
    return { deployTarget: deployTarget.machine, rollout: rollout.machine };
  }
}

/** The common inputs of functions and state machines. */
interface Inputs extends SharedResources {
  readonly artefacts: Artefacts;
}
