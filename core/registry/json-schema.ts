import * as z from 'zod/mini';
import type { TargetKind } from '../targets/kinds/kinds.ts';
import { RegisteredTarget } from '../targets/registered.ts';
import { schemaAt } from '../targets/schema-at.ts';
import { type JsonSchema, portable } from './portable-schema.ts';
import { TargetsFile } from './targets-file.ts';

/**
 * The JSON Schema (2020-12) of a targets file, or with `kind` of one target of that kind, in which fields with defaults are
 * optional. The descriptions are those of `described`. Rules between fields are not part of it; the parser checks them.
 */
export function targetsJsonSchema(kind?: TargetKind): JsonSchema {
  const schema =
    kind === undefined ? TargetsFile : (schemaAt(RegisteredTarget, [], { kind }) ?? RegisteredTarget);
  const names =
    kind === undefined
      ? { $id: 'urn:certferry:targets', title: 'certferry targets' }
      : { $id: `urn:certferry:target:${kind}`, title: `certferry target of kind ${kind}` };
  const { $schema, ...json } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
  return { $schema, ...names, ...portable(json) };
}
