import type * as z from 'zod/mini';
import { type kinds, type TargetKind, targetKinds } from '../core/targets/kinds/kinds.ts';
import type { TargetInput } from './registrations/target-input.ts';

/** The fields that a target of every kind may have, besides its id. */
type CommonFields = Pick<TargetInput, 'certificate' | 'host' | 'verify' | 'autoHeal' | 'window'>;

const commonFields: Readonly<Record<keyof CommonFields, true>> = {
  certificate: true,
  host: true,
  verify: true,
  autoHeal: true,
  window: true,
};

/** The fields of a target of one kind: the common fields and those of its `config`, side by side. */
export type TargetOf<Kind extends TargetKind> = CommonFields & z.input<(typeof kinds)[Kind]['config']>;

/** Returns the function that builds targets of this kind. `Certferry.addTarget` validates the result. */
function builder<Kind extends TargetKind>(kind: Kind) {
  return (id: string, properties: TargetOf<Kind>): TargetInput => {
    const fields = Object.entries(properties);
    const common = fields.filter(([name]) => name in commonFields);
    const config = fields.filter(([name]) => !(name in commonFields));
    const target: unknown = { id, kind, ...Object.fromEntries(common), config: Object.fromEntries(config) };
    return target as TargetInput;
  };
}

/** The functions whose name is not that of the kind: names of several words, as TypeScript writes them. */
interface CamelCaseNames {
  readonly javakeystore: 'javaKeystore';
  readonly k8ssecret: 'k8sSecret';
}
const camelCaseNames: Readonly<Record<string, string>> = {
  javakeystore: 'javaKeystore',
  k8ssecret: 'k8sSecret',
} satisfies CamelCaseNames;

type NameOf<Kind extends TargetKind> = Kind extends keyof CamelCaseNames ? CamelCaseNames[Kind] : Kind;

/**
 * One function for each row of the table of kinds:
 * `Target.nginx('web-1', { certificate, host, certPath, keyPath, verify })`.
 */
export const Target = Object.fromEntries(
  targetKinds.map((kind) => [camelCaseNames[kind] ?? kind, builder(kind)]),
) as unknown as {
  readonly [Kind in TargetKind as NameOf<Kind>]: (id: string, properties: TargetOf<Kind>) => TargetInput;
};
