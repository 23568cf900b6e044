import { RemovalPolicy } from 'aws-cdk-lib';
import { type Attribute, AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { type TableShape, tables } from '../../core/deployment/tables.ts';

/** The name of a table in {@link Tables}. */
export type TableName = 'locks' | 'registry' | 'deployments';

/**
 * The tables of `core/deployment/tables.ts`. CloudFormation keeps them when you delete the stack, but not when its first
 * deployment fails. Hosts refuse a fence that is lower than the last one, so a new stack needs the tables of the previous stack
 * (docs/deploying.md). The construct `Completion` protects them from deletion.
 */
export class Tables extends Construct {
  /** Locks of targets and hosts, fences and pending commands. */
  readonly locks: Table;
  /** Certificates, targets, installed versions and rollouts. */
  readonly registry: Table;
  /** The history. */
  readonly deployments: Table;

  constructor(scope: Construct, id: string, props: { readonly key: IKey }) {
    super(scope, id);
    this.locks = this.#create('Locks', tables.locks, props.key);
    this.registry = this.#create('Registry', tables.registry, props.key);
    this.deployments = this.#create('Deployments', tables.deployments, props.key);
  }

  /** `TableV2` with a customer-managed key requires a known region during synthesis. `Table` does not. */
  #create(id: string, shape: TableShape, encryptionKey: IKey): Table {
    const table = new Table(this, id, {
      partitionKey: text(shape.partitionKey),
      ...(shape.sortKey === undefined ? {} : { sortKey: text(shape.sortKey) }),
      timeToLiveAttribute: shape.ttl,
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    for (const [indexName, index] of Object.entries(shape.indexes)) {
      table.addGlobalSecondaryIndex({
        indexName,
        partitionKey: text(index.partitionKey),
        sortKey: text(index.sortKey),
      });
    }
    return table;
  }
}

function text(name: string): Attribute {
  return { name, type: AttributeType.STRING };
}
