import { CfnOutput } from 'aws-cdk-lib';
import type { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { AgentAssets } from './agent-assets.ts';
import { artefactsIn } from './artefacts.ts';
import { AgentDocument } from './document.ts';
import { EncryptionKey } from './encryption-key.ts';
import { EventRules } from './event-rules.ts';
import { Functions } from './functions.ts';
import { Notifications } from './notifications.ts';
import { installedRuntime, type Runtime } from './runtime.ts';
import { DeployTarget } from './state-machine.ts';
import { Tables } from './tables.ts';
import type { Network } from './task-function.ts';

export interface CertferryProps {
  /** On what hosts run the agent. Default: the Node binary of the installed npm package `node`. */
  readonly runtime?: Runtime;
  /** ARNs of the secrets that hold bundles. Default: every secret tagged `certferry=true`. */
  readonly secretArns?: readonly string[];
  /** ARNs of customer-managed keys that those secrets are encrypted with. */
  readonly secretKeyArns?: readonly string[];
  /** Where the probing Lambdas run. Default: outside any VPC, where they reach public addresses only. */
  readonly network?: Network;
  /** Folder of the built artefacts. Default: the `dist/` of this package. */
  readonly artefacts?: string;
}

/** Everything certferry has in one account and region. Names are fixed: one of it a region. */
export class Certferry extends Construct {
  readonly deployTarget: StateMachine;
  /** For people: subscribe to it. */
  readonly notifications: Topic;
  /** To be attached to the hosts' instance roles: fetches the pinned agent and runtime. */
  readonly hostPolicy: ManagedPolicy;
  readonly tables: Tables;

  constructor(scope: Construct, id: string, props: CertferryProps = {}) {
    super(scope, id);
    const artefacts = artefactsIn(props.artefacts);
    const { key } = new EncryptionKey(this, 'Key');
    const tables = new Tables(this, 'Tables', { key });
    const assets = new AgentAssets(this, 'Agent', {
      artefacts,
      runtime: props.runtime ?? installedRuntime(),
    });
    const document = new AgentDocument(this, 'Document', { artefacts, assets });
    const functions = new Functions(this, 'Functions', {
      artefacts,
      key,
      tables,
      network: props.network,
      secretArns: props.secretArns ?? [],
      secretKeyArns: props.secretKeyArns ?? [],
    });
    const { machine } = new DeployTarget(this, 'DeployTarget', { artefacts, functions, key });
    const { undelivered } = new EventRules(this, 'Events', { functions, machine });
    const { topic } = new Notifications(this, 'Notifications', { key, machine, undelivered });

    this.deployTarget = machine;
    this.notifications = topic;
    this.hostPolicy = assets.hostPolicy;
    this.tables = tables;
    this.#output({
      DeployTargetArn: machine.stateMachineArn,
      DocumentName: document.name,
      AgentSha256: assets.agentSha256,
      HostPolicyArn: assets.hostPolicy.managedPolicyArn,
      NotificationsTopicArn: topic.topicArn,
      LocksTableName: tables.locks.tableName,
      RegistryTableName: tables.registry.tableName,
      DeploymentsTableName: tables.deployments.tableName,
      KeyArn: key.keyArn,
    });
  }

  #output(values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) {
      new CfnOutput(this, name, { value }).overrideLogicalId(name);
    }
  }
}
