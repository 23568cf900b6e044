// What this stand-in of SNS cannot show: subscriptions, delivery, encryption, and a message that is refused for its size.
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { account, region } from '../base/published-events.ts';
import { authorize, type Endpoint, readBody, serve, xmlText } from '../http/server.ts';
import { ServiceError } from '../http/service-error.ts';

/** The topic of local mode's messages. */
export const topicArn = `arn:aws:sns:${region}:${account}:certferry`;

/** A message to people, as it was published. */
export interface LocalMessage {
  readonly subject: string;
  readonly text: string;
}

export interface SnsOptions {
  /** Takes one line of JSON a message. */
  readonly file: string;
  readonly onMessage?: ((message: LocalMessage) => void) | undefined;
  readonly accessKeyId?: string | undefined;
  readonly socket?: string | undefined;
  readonly onFault: (error: unknown) => void;
}

const maximumBodyBytes = 1024 * 1024;
const namespace = 'http://sns.amazonaws.com/doc/2010-03-31/';

/** Serves Publish (form-encoded query, XML answers). */
export function startSns(options: SnsOptions): Promise<Endpoint> {
  return serve((request, response) => void answer(request, response, options), options.socket);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: SnsOptions,
): Promise<void> {
  const send = (status: number, content: string) => {
    response.writeHead(status, { 'content-type': 'text/xml' });
    response.end(content);
  };
  try {
    authorize(request, options.accessKeyId);
    const form = new URLSearchParams((await readBody(request, maximumBodyBytes)).toString('utf8'));
    publish(form, options);
    const result = `<PublishResult><MessageId>${randomUUID()}</MessageId></PublishResult>`;
    send(200, `<PublishResponse xmlns="${namespace}">${result}</PublishResponse>`);
  } catch (error) {
    const known = error instanceof ServiceError;
    if (!known) options.onFault(error);
    const [code, message] = known ? [error.name, error.message] : ['InternalError', 'see the log'];
    const described = `<Type>Sender</Type><Code>${code}</Code><Message>${xmlText(message)}</Message>`;
    send(
      known ? 400 : 500,
      `<ErrorResponse xmlns="${namespace}"><Error>${described}</Error></ErrorResponse>`,
    );
  }
}

/** A message that the log cannot take is still shown. */
function publish(form: URLSearchParams, { file, onMessage, onFault }: SnsOptions): void {
  if (form.get('Action') !== 'Publish') {
    throw new ServiceError('InvalidAction', `local mode does not serve ${form.get('Action')}`);
  }
  if (form.get('TopicArn') !== topicArn) throw new ServiceError('NotFound', 'Topic does not exist');
  const message = { subject: form.get('Subject') ?? '', text: form.get('Message') ?? '' };
  onMessage?.(message);
  try {
    appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), ...message })}\n`, {
      mode: 0o600,
    });
  } catch (error) {
    onFault(error);
  }
}
