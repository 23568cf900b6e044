import { openEngine } from '../../../local/dynamodb/engine.ts';
import { respond } from '../../../local/dynamodb/request-handler.ts';
import { interceptRequests } from '../../../local/http/intercept.ts';

export interface DynamoDb {
  /** For clients of this thread: it is no address on a network. */
  readonly endpoint: string;
  close(): Promise<void>;
}

let count = 0;

/** Opens local mode's engine on a database in memory. `npm run test:dynamodb` puts AWS's DynamoDB Local in its place. */
export async function startDynamoDb(): Promise<DynamoDb> {
  count += 1;
  const host = `dynamodb-${count}.certferry.invalid`;
  const engine = openEngine();
  interceptRequests(host, (request) => respond(engine, request));
  return { endpoint: `http://${host}`, close: async () => engine.close() };
}
