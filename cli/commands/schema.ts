import { targetsJsonSchema } from '../../core/registry/json-schema.ts';
import { targetKinds } from '../../core/targets/kinds/kinds.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** `certferry schema`: the JSON Schema of a targets file, or of targets of one kind. */
export function schema(kind: string | undefined, { out }: Terminal): number {
  const found = targetKinds.find((one) => one === kind);
  if (kind !== undefined && found === undefined) {
    throw new UsageError(`unknown kind of target ${kind}. Kinds: ${targetKinds.join(', ')}.`);
  }
  out(JSON.stringify(targetsJsonSchema(found), null, 2));
  return 0;
}
