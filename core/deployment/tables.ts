/** A DynamoDB table as the stack and local mode both create it. All attributes named here are strings. */
export interface TableShape {
  readonly partitionKey: string;
  readonly sortKey?: string;
  readonly indexes: Readonly<Record<string, { readonly partitionKey: string; readonly sortKey: string }>>;
  /** Attribute that holds the epoch second after which DynamoDB may tidy the item away. Never a lock's expiry. */
  readonly ttl: string;
  /** The environment variable by which a Lambda is told the table's name. */
  readonly variable: string;
}

/** The three tables. What their items hold is written beside the service that reads and writes them. */
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
