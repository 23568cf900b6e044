import { SNSClient } from '@aws-sdk/client-sns';
import { createMessages } from '../services/messages.ts';
import { setting } from './environment.ts';
import { once } from './once.ts';

/** Messages to people, through the stack's topic if it has one. */
export const messages = once(() =>
  createMessages(new SNSClient({}), {
    topicArn: setting('NOTIFICATIONS_TOPIC'),
    place: setting('COMMAND_PLACE'),
    targets: setting('COMMAND_TARGETS'),
    version: setting('COMMAND_VERSION'),
  }),
);
