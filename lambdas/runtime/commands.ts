import { createCommands } from '../services/commands.ts';
import { setting } from './environment.ts';
import { once } from './once.ts';
import { ssmAt } from './ssm.ts';

/** The agent on hosts, through the stack's document. */
export const commands = once(() =>
  createCommands(ssmAt, {
    name: setting('DOCUMENT_NAME'),
    version: setting('DOCUMENT_VERSION'),
    hash: setting('DOCUMENT_HASH'),
  }),
);
