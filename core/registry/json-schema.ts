import * as z from 'zod/mini';
import type { TargetKind } from '../targets/kinds/kinds.ts';
import { RegisteredTarget } from '../targets/registered.ts';
import { schemaAt } from '../targets/schema-at.ts';
import { TargetsFile } from './targets-file.ts';

/**
 * The JSON Schema (2020-12) of a targets file, or with `kind` of one target of that kind, in which fields with defaults are
 * optional. The descriptions are those of `described`. Rules between fields are not part of it; the parser checks them.
 */
export function targetsJsonSchema(kind?: TargetKind): Record<string, unknown> {
  const schema =
    kind === undefined ? TargetsFile : (schemaAt(RegisteredTarget, [], { kind }) ?? RegisteredTarget);
  const title = kind === undefined ? 'certferry targets' : `certferry target of kind ${kind}`;
  const { $schema, ...json } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
  return { $schema, title, ...json };
}
