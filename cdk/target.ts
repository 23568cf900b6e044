import type * as z from 'zod/mini';
import { type kinds, type TargetKind, targetKinds } from '../core/targets/kinds/kinds.ts';
import type { RegisteredTarget } from '../core/targets/registered.ts';

/** A target as written in code: fields with defaults are optional. */
export type TargetInput = z.input<typeof RegisteredTarget>;

/** The fields of every kind. */
type Common = Pick<TargetInput, 'certificate' | 'host' | 'verify' | 'autoHeal' | 'window'>;

/** The fields of a target of one kind, those of its config beside the common ones. */
export type TargetOf<Kind extends TargetKind> = Common & z.input<(typeof kinds)[Kind]['config']>;

const commonFields = ['certificate', 'host', 'verify', 'autoHeal', 'window'];

function builder<Kind extends TargetKind>(kind: Kind) {
  return (id: string, properties: TargetOf<Kind>): TargetInput => {
    const fields = Object.entries(properties);
    const common = fields.filter(([name]) => commonFields.includes(name));
    const config = fields.filter(([name]) => !commonFields.includes(name));
    const target: unknown = { id, kind, ...Object.fromEntries(common), config: Object.fromEntries(config) };
    return target as TargetInput; // `Certferry.addTarget` validates it
  };
}

/** Targets in code, one function per kind: `Target.nginx('web-1', { certificate, host, certPath, keyPath, verify })`. */
export const Target = Object.fromEntries(targetKinds.map((kind) => [kind, builder(kind)])) as unknown as {
  readonly [Kind in TargetKind]: (id: string, properties: TargetOf<Kind>) => TargetInput;
};
