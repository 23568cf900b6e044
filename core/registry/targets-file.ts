import * as z from 'zod/mini';
import { parseFile } from '../targets/parse.ts';
import { pathText } from '../targets/problems.ts';
import { RegisteredTarget } from '../targets/registered.ts';
import { valueAt } from '../targets/schema-at.ts';
import { Certificate } from './certificate.ts';

/** A targets file: where certificates go, and with `certificates` where they come from and how they are rolled out. */
export const TargetsFile = z.strictObject({
  certificates: z._default(z.array(Certificate), []),
  targets: z.array(RegisteredTarget).check(z.minLength(1)),
});
export type TargetsFile = z.infer<typeof TargetsFile>;

/**
 * Reads a targets file, YAML or JSON. `source` is what to call it in an error, such as its path. Throws InvalidTarget
 * with every problem on a line of its own.
 */
export function parseTargets(text: string, source: string): TargetsFile {
  return parseFile(TargetsFile, { text, source }, (input) => [
    ...repeated(input, 'certificates', 'name'),
    ...repeated(input, 'targets', 'id'),
  ]);
}

/** An id names a target's lock and history: two targets with one id would undo each other. So with certificates. */
function repeated(input: unknown, list: string, key: string): string[] {
  const things = valueAt(input, [list]);
  if (!Array.isArray(things)) return [];
  const names = things.map((thing) => valueAt(thing, [key]));
  return names.flatMap((name, at) => {
    const first = names.indexOf(name);
    if (typeof name !== 'string' || first === at) return [];
    const path = pathText([list, at, key]);
    return [`${path}: ${JSON.stringify(name)} is already the ${key} of ${pathText([list, first])}`];
  });
}
