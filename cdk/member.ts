import { Stack, Token, Validations } from 'aws-cdk-lib';
import { Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { EventBus as BusTarget } from 'aws-cdk-lib/aws-events-targets';
import {
  AccountPrincipal,
  type ManagedPolicy,
  PolicyStatement,
  PrincipalWithConditions,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { CertferryError } from '../core/errors.ts';
import { readJobKeys } from '../core/seal/job-keys.ts';
import { AgentAssets } from './agent/agent-assets.ts';
import { AgentDocuments } from './agent/agent-documents.ts';
import { installedRuntime, type Runtime } from './agent/agent-runtime.ts';
import { artefactsIn } from './common/artefacts.ts';
import { claimNames } from './common/fixed-names.ts';
import { documentName, eventBusName, rolePath, runnerRoleName } from './common/names.ts';
import { commandEnded } from './events/command-events.ts';
import { deadLetterQueueOf } from './events/dead-letter-queue.ts';
import { instanceTriggers } from './events/trigger-patterns.ts';
import { findHosts, readInvocations, sendFromMainAccount } from './grants/host-grants.ts';
import { waitingMessages } from './monitoring/metrics.ts';

/** The settings of a member stack. */
export interface CertferryMemberProps {
  /** The account and region of the {@link Certferry} stack. Its `accounts` must contain the account of this member. */
  readonly main: {
    /** The id of the account. */
    readonly account: string;
    /** The region. */
    readonly region: string;
  };
  /**
   * The output `JobKeys` of the {@link Certferry} stack: the public keys that sign jobs. CloudFormation does not pass values
   * between accounts, so copy it. Deploy the member again whenever the output changes.
   */
  readonly jobKeys: string;
  /** The same as in the {@link Certferry} stack. */
  readonly maximumFenceStep?: number;
  /** The Node runtime of the agent on hosts. Default: the binary of the installed npm package `node`. */
  readonly runtime?: Runtime;
  /** Set it to false for all but one member of an account: a role exists in all regions of an account. Default: true. */
  readonly createRole?: boolean;
  /** The folder of the built artefacts. Default: the `dist/` of this package. */
  readonly artefacts?: string;
}

/**
 * The resources for hosts in another account or region than the stack:
 *
 * - the agent with its documents
 * - a role that functions of the main account assume
 * - rules that forward events about ended jobs and new instances
 */
export class CertferryMember extends Construct {
  /** Attach it to the instance roles of hosts: it allows downloading the pinned agents and runtime. */
  readonly hostPolicy: ManagedPolicy;
  /** The dead-letter queue for events that the main account rejected. An alarm without an action monitors it. */
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, props: CertferryMemberProps) {
    super(scope, id);
    claimNames(this, {
      per: 'region',
      names: `the SSM document ${documentName}`,
      remedy: 'A region has either a Certferry or one CertferryMember.',
    });
    const artefacts = artefactsIn(props.artefacts);
    const assets = new AgentAssets(this, 'Agent', {
      artefacts,
      runtime: props.runtime ?? installedRuntime(),
    });
    const { jobKeys, maximumFenceStep } = props;
    checkJobKeys(jobKeys);
    new AgentDocuments(this, 'Document', { artefacts, assets, jobKeys, maximumFenceStep });
    this.hostPolicy = assets.hostPolicy;
    if (props.createRole !== false) this.#createRunner(props);
    this.undelivered = this.#forwardEvents(props);
    new Alarm(this, 'EventUndelivered', {
      alarmDescription:
        'The main account of certferry rejected an event, which is now in the dead-letter queue. Check that `accounts` of its stack contains this account.',
      metric: waitingMessages([this.undelivered]),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /**
   * Trusts only the roles of certferry's functions, by their path: trust in the whole account would include every role there.
   * The role covers all regions of its account.
   */
  #createRunner({ main }: CertferryMemberProps): void {
    claimNames(this, {
      per: 'account',
      names: `the role ${runnerRoleName}`,
      remedy: 'Set `createRole: false` on all but one CertferryMember of an account.',
    });
    const { partition } = Stack.of(this);
    const role = new Role(this, 'Runner', {
      roleName: runnerRoleName,
      description: 'certferry: finds hosts and sends jobs to their agents',
      assumedBy: new PrincipalWithConditions(new AccountPrincipal(main.account), {
        ArnLike: { 'aws:PrincipalArn': `arn:${partition}:iam::${main.account}:role${rolePath}*` },
      }),
    });
    for (const { statements, wildcards } of [sendFromMainAccount(this), findHosts(), readInvocations()]) {
      for (const statement of statements) role.addToPolicy(statement);
      for (const [resource, reason] of Object.entries(wildcards)) {
        Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason });
      }
    }
  }

  /** Forwards events to the bus of the main account. Rejected events go to the dead-letter queue. */
  #forwardEvents({ main }: CertferryMemberProps): Queue {
    const { partition } = Stack.of(this);
    const bus = EventBus.fromEventBusArn(
      this,
      'Main',
      `arn:${partition}:events:${main.region}:${main.account}:event-bus/${eventBusName}`,
    );
    const role = new Role(this, 'Forwarder', {
      assumedBy: new ServicePrincipal('events.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    role.addToPolicy(new PolicyStatement({ actions: ['events:PutEvents'], resources: [bus.eventBusArn] }));
    const instances = Object.entries(instanceTriggers).map(([name, { pattern }]) => [name, pattern] as const);
    const forwarded = { CommandEnded: commandEnded, ...Object.fromEntries(instances) };
    const deadLetterQueue = deadLetterQueueOf(this);
    for (const [name, eventPattern] of Object.entries(forwarded)) {
      const description = 'certferry: forwards events to the main account';
      const target = new BusTarget(bus, { role, deadLetterQueue });
      new Rule(this, name, { description, eventPattern, targets: [target] });
    }
    return deadLetterQueue;
  }
}

/** A token is known only to CloudFormation. @throws CertferryError InvalidRequest */
function checkJobKeys(jobKeys: string): void {
  if (Token.isUnresolved(jobKeys) || readJobKeys(jobKeys) !== null) return;
  throw new CertferryError(
    'InvalidRequest',
    'Invalid properties of CertferryMember:\n  jobKeys: it contains no keys. Copy the output JobKeys of the main stack.',
  );
}
