import { targetsJsonSchema } from '../../core/registry/json-schema.ts';
import { targetKinds } from '../../core/targets/kinds/kinds.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** `certferry schema`: JSON Schema of a targets file, or of the config of one kind, for editors. */
export function schema(kind: string | undefined, { out }: Terminal): number {
  const known = targetKinds.find((one) => one === kind);
  if (kind !== undefined && known === undefined) {
    throw new UsageError(`there is no kind of target called ${kind}; there are: ${targetKinds.join(', ')}`);
  }
  out(JSON.stringify(targetsJsonSchema(known), null, 2));
  return 0;
}
