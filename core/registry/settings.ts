import * as z from 'zod/mini';
import { described } from '../targets/kinds/described.ts';

const Text = z.string().check(z.minLength(1), z.maxLength(1024));

/** The settings of the command line in `certferry.yaml`. Each has an option of the same name, which has precedence. */
export const Settings = z.strictObject({
  stack: described(z.optional(Text), 'The certferry stack in AWS to work on. Default: this machine.'),
  region: described(z.optional(Text), 'The region of the stack. Default: that of the AWS configuration.'),
  profile: described(z.optional(Text), 'The profile of the AWS configuration to use for the stack.'),
  state: described(
    z.optional(Text),
    'The state folder of local mode. A relative path starts at the folder of this file.',
  ),
});
export type Settings = z.infer<typeof Settings>;
