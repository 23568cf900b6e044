import { startJsonEndpoint } from '../http/json-endpoint.ts';
import { openEngine } from './engine.ts';

export interface DynamoDbOptions {
  /** Folder of the database; without one it lives in memory. */
  readonly path?: string;
  readonly port?: number;
  readonly accessKeyId?: string;
  readonly onFault?: (error: unknown) => void;
}

export interface DynamoDb {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Starts an embedded DynamoDB in this process. Throws what {@link openEngine} throws. */
export async function startDynamoDb(options: DynamoDbOptions = {}): Promise<DynamoDb> {
  const engine = await openEngine(options.path);
  const server = await startJsonEndpoint({
    version: '1.0',
    target: 'DynamoDB_20120810',
    operations: engine.operations,
    accessKeyId: options.accessKeyId,
    port: options.port,
    onFault: options.onFault,
  });
  return {
    endpoint: server.endpoint,
    async close() {
      await server.close();
      await engine.close();
    },
  };
}
