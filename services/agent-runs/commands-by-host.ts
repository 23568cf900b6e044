import { isFunctionHost } from '../../core/targets/host-location.ts';
import type { Commands } from '../ssm/commands.ts';

/**
 * Sends the jobs of `host: lambda` to the function of the stack, and all others through SSM. `functions` is called for such a
 * host only.
 */
export function commandsByHost({
  hosts,
  functions,
}: {
  readonly hosts: Commands;
  readonly functions: () => Commands;
}): Commands {
  const of = (host: string) => (isFunctionHost(host) ? functions() : hosts);
  return {
    send: (command) => of(command.host).send(command),
    readInvocation: (commandId, host) => of(host).readInvocation(commandId, host),
    requireReachable: (host) => of(host).requireReachable(host),
  };
}
