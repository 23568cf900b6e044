import { RemovalPolicy } from 'aws-cdk-lib';
import { type Attribute, AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { type TableShape, tables } from '../../core/deployment/tables.ts';

export type TableName = keyof typeof tables;

/**
 * The tables of `core/deployment/tables.ts`. They outlive the stack: hosts refuse a fence lower than one they have
 * seen, so a stack that starts with empty tables cannot deploy to hosts of an earlier one (docs/deploying.md).
 */
export class Tables extends Construct {
  readonly locks: Table;
  readonly registry: Table;
  readonly deployments: Table;

  constructor(scope: Construct, id: string, props: { readonly key: IKey }) {
    super(scope, id);
    this.locks = this.#create('Locks', tables.locks, props.key);
    this.registry = this.#create('Registry', tables.registry, props.key);
    this.deployments = this.#create('Deployments', tables.deployments, props.key);
  }

  /** Not `TableV2`: with a customer-managed key that one needs to know the region when the stack is synthesized. */
  #create(id: string, shape: TableShape, encryptionKey: IKey): Table {
    const table = new Table(this, id, {
      partitionKey: text(shape.partitionKey),
      ...(shape.sortKey === undefined ? {} : { sortKey: text(shape.sortKey) }),
      timeToLiveAttribute: shape.ttl,
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
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
