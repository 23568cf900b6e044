import { stringify } from 'yaml';
import { targetsJsonSchema } from '../../core/registry/json-schema.ts';
import { roleManifest } from '../../core/targets/kinds/k8ssecret-role.ts';
import { type TargetKind, targetKinds } from '../../core/targets/kinds/kinds.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** The permissions that a store needs for targets of a kind, as manifests for it. */
const manifests: Readonly<Partial<Record<TargetKind, (group: string | null) => readonly object[]>>> = {
  k8ssecret: roleManifest,
};

export interface SchemaOptions {
  readonly rbac?: boolean;
  /** The group that gets the role. Default: a service account. */
  readonly group?: string;
}

/** `certferry schema`: the JSON Schema of a targets file, or of targets of one kind; with `--rbac`, the role for a kind. */
export function schema(
  kind: string | undefined,
  { rbac = false, group }: SchemaOptions,
  { out }: Terminal,
): number {
  if (group !== undefined && !rbac) throw new UsageError('--group needs --rbac: it names who gets the role.');
  const found = targetKinds.find((one) => one === kind);
  if (kind !== undefined && found === undefined) {
    throw new UsageError(`unknown kind of target ${kind}. Kinds: ${targetKinds.join(', ')}.`);
  }
  out(rbac ? manifestOf(found, group ?? null) : JSON.stringify(targetsJsonSchema(found), null, 2));
  return 0;
}

function manifestOf(kind: TargetKind | undefined, group: string | null): string {
  const manifest = kind === undefined ? undefined : manifests[kind];
  if (manifest === undefined) {
    throw new UsageError(`--rbac needs a kind with a role: ${Object.keys(manifests).join(', ')}.`);
  }
  return manifest(group)
    .map((part) => stringify(part))
    .join('---\n')
    .trimEnd();
}
