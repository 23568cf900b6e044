import * as z from 'zod/mini';
import { CertferryError } from '../../../core/errors.ts';
import { TargetId } from '../../../core/targets/target.ts';
import type { Fleet } from '../../../services/fleet/find-hosts.ts';
import type { Catalogue } from '../../../services/registry/catalogue.ts';
import { task } from '../../runtime/task.ts';
import { catalogue, fleet } from '../../runtime/wiring.ts';

const Input = z.object({ targetId: TargetId });
type Input = z.infer<typeof Input>;

const Result = z.object({
  hosts: z.array(z.object({ host: z.string(), address: z.nullable(z.string()), online: z.boolean() })),
});
type Result = z.infer<typeof Result>;

interface Services {
  readonly catalogue: Pick<Catalogue, 'target'>;
  readonly fleet: Fleet;
}

/**
 * Not a state: returns the current hosts of a registered target for the command line, because the roles in other accounts
 * trust only the functions of the stack. It takes a target, not a selector, so it reveals no other hosts. It changes
 * nothing.
 */
export const createHandler =
  (by: Services) =>
  async ({ targetId }: Input): Promise<Result> => {
    const entry = await by.catalogue.target(targetId);
    if (entry === null) throw new CertferryError('NoTargets', `no target ${targetId} is registered`);
    return { hosts: await by.fleet.resolve(entry.thing.host) };
  };

export const handler = task('FindHosts', {
  input: Input,
  result: Result,
  build: () => createHandler({ catalogue: catalogue(), fleet: fleet() }),
});
