import { stringify } from 'yaml';
import { targetsJsonSchema } from '../../core/registry/json-schema.ts';
import { roleManifest } from '../../core/targets/kinds/k8ssecret-role.ts';
import { type TargetKind, targetKinds } from '../../core/targets/kinds/kinds.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** The permissions that a store needs for targets of a kind, as manifests for it. */
const manifests: Readonly<Partial<Record<TargetKind, () => readonly object[]>>> = { k8ssecret: roleManifest };

export interface SchemaOptions {
  readonly rbac?: boolean;
}

/** `certferry schema`: the JSON Schema of a targets file, or of targets of one kind; with `--rbac`, the role for a kind. */
export function schema(kind: string | undefined, { rbac = false }: SchemaOptions, { out }: Terminal): number {
  const found = targetKinds.find((one) => one === kind);
  if (kind !== undefined && found === undefined) {
    throw new UsageError(`unknown kind of target ${kind}. Kinds: ${targetKinds.join(', ')}.`);
  }
  out(rbac ? manifestOf(found) : JSON.stringify(targetsJsonSchema(found), null, 2));
  return 0;
}

function manifestOf(kind: TargetKind | undefined): string {
  const manifest = kind === undefined ? undefined : manifests[kind];
  if (manifest === undefined) {
    throw new UsageError(`--rbac needs a kind with a role: ${Object.keys(manifests).join(', ')}.`);
  }
  return manifest()
    .map((part) => stringify(part))
    .join('---\n')
    .trimEnd();
}
