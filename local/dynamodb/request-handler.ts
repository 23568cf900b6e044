import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { HttpRequest } from '../http/intercept.ts';
import { ServiceError } from '../http/service-error.ts';
import type { Engine } from './engine.ts';

/** Answers the HTTP requests of a DynamoDBClient in this thread: an option of the client. */
export function requestHandler(engine: Engine): NonNullable<DynamoDBClientConfig['requestHandler']> {
  return { handle: async (request: HttpRequest) => respond(engine, request) };
}

/** The host name of the engine in the thread of the functions. */
export const engineHost = 'dynamodb.certferry.invalid';

/** Executes the request of a DynamoDBClient. Throws what is not an error of DynamoDB. */
export async function respond(engine: Engine, { headers, body }: HttpRequest) {
  const target = headers['x-amz-target'] ?? headers['X-Amz-Target'] ?? '';
  try {
    return response(200, engine.execute(target.split('.')[1] ?? '', JSON.parse(textOf(body))));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return response(400, { ...error.fields, __type: error.name, message: error.message });
  }
}

function response(statusCode: number, content: object) {
  const body = Buffer.from(JSON.stringify(content));
  return { response: { statusCode, headers: { 'content-type': 'application/x-amz-json-1.0' }, body } };
}

const textOf = (body: unknown) =>
  typeof body === 'string' ? body : new TextDecoder().decode(body as Uint8Array);
