import { Stack, Validations } from 'aws-cdk-lib';
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
import { AgentAssets } from './agent/agent-assets.ts';
import { AgentDocument } from './agent/agent-document.ts';
import { installedRuntime, type Runtime } from './agent/agent-runtime.ts';
import { artefactsIn } from './common/artefacts.ts';
import { eventBusName, rolePath, runnerRoleName } from './common/names.ts';
import { commandEnded } from './events/command-events.ts';
import { undeliveredQueue } from './events/dead-letter-queue.ts';
import { instanceLaunched } from './events/trigger-patterns.ts';
import { findHosts, readInvocations, sendCommands } from './grants/host-grants.ts';
import { waitingMessages } from './monitoring/metrics.ts';

export interface CertferryMemberProps {
  /** Where {@link Certferry} is: it names this account in its `accounts`. */
  readonly main: { readonly account: string; readonly region: string };
  /** On what hosts run the agent. Default: the Node binary of the installed npm package `node`. */
  readonly runtime?: Runtime;
  /** A role is known in all regions of its account, so only one member of an account makes it. Default: true. */
  readonly createRole?: boolean;
  /** Folder of the built artefacts. Default: the `dist/` of this package. */
  readonly artefacts?: string;
}

/**
 * What certferry needs where hosts are but it is not: another account, or another region. The agent's document and
 * files, a role that the main account's functions assume, and rules that tell them when a job has ended, and of new instances.
 */
export class CertferryMember extends Construct {
  /** To be attached to the hosts' instance roles: fetches the pinned agent and runtime. */
  readonly hostPolicy: ManagedPolicy;
  /** Holds the events that the main account did not take; an alarm without an action watches it. */
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, props: CertferryMemberProps) {
    super(scope, id);
    const artefacts = artefactsIn(props.artefacts);
    const assets = new AgentAssets(this, 'Agent', {
      artefacts,
      runtime: props.runtime ?? installedRuntime(),
    });
    new AgentDocument(this, 'Document', { artefacts, assets });
    this.hostPolicy = assets.hostPolicy;
    if (props.createRole !== false) this.#runner(props);
    this.undelivered = this.#forwardEvents(props);
    new Alarm(this, 'EventUndelivered', {
      alarmDescription:
        'certferry: the main account did not take an event: does its stack name this account in `accounts`? The queue holds the event.',
      metric: waitingMessages([this.undelivered]),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /**
   * Trusts the roles of certferry's functions alone, by their path: an account id as such would be everybody there who
   * may assume roles. It may do in every region of its account what the functions may in their own.
   */
  #runner({ main }: CertferryMemberProps): void {
    const { partition } = Stack.of(this);
    const role = new Role(this, 'Runner', {
      roleName: runnerRoleName,
      description: 'certferry: finds hosts and has the agent on them do its jobs',
      assumedBy: new PrincipalWithConditions(new AccountPrincipal(main.account), {
        ArnLike: { 'aws:PrincipalArn': `arn:${partition}:iam::${main.account}:role${rolePath}*` },
      }),
    });
    for (const { statements, wildcards } of [sendCommands(this, true), findHosts(), readInvocations()]) {
      for (const statement of statements) role.addToPolicy(statement);
      for (const [resource, reason] of Object.entries(wildcards)) {
        Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason });
      }
    }
  }

  /** What the main account's bus did not take (its stack does not name this account, say) lands in the queue. */
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
    const heard = { CommandEnded: commandEnded, InstanceLaunched: instanceLaunched.pattern };
    const deadLetterQueue = undeliveredQueue(this);
    for (const [name, eventPattern] of Object.entries(heard)) {
      const description = 'certferry: tells the main account';
      const target = new BusTarget(bus, { role, deadLetterQueue });
      new Rule(this, name, { description, eventPattern, targets: [target] });
    }
    return deadLetterQueue;
  }
}
