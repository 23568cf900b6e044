/** A DynamoDB table as the stack and local mode both create it. All attributes named here are strings. */
export interface TableShape {
  readonly partitionKey: string;
  readonly sortKey?: string;
  readonly indexes: Readonly<Record<string, { readonly partitionKey: string; readonly sortKey: string }>>;
  /** The attribute with the epoch second after which DynamoDB may delete the item. Never the expiry of a lock. */
  readonly ttl: string;
  /** The environment variable with the name of the table. */
  readonly variable: string;
}

/** The three tables. The services that read and write them define their items. */
export const tables = {
  locks: { partitionKey: 'pk', indexes: {}, ttl: 'expiresAt', variable: 'LOCKS_TABLE' },
  registry: { partitionKey: 'pk', sortKey: 'sk', indexes: {}, ttl: 'expiresAt', variable: 'REGISTRY_TABLE' },
  deployments: {
    partitionKey: 'targetId',
    sortKey: 'sk',
    indexes: {
      byCertificate: { partitionKey: 'certificate', sortKey: 'sk' },
      byRollout: { partitionKey: 'rollout', sortKey: 'sk' },
    },
    ttl: 'expiresAt',
    variable: 'DEPLOYMENTS_TABLE',
  },
} as const satisfies Readonly<Record<string, TableShape>>;
