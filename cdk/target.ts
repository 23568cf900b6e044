import { type TargetKind, targetKinds } from '../core/targets/kinds/kinds.ts';
import { builderNames } from './inputs/builder-names.ts';
import type { TargetProps } from './inputs/common-types.ts';
import type { TargetBuilders, TargetInput } from './inputs/kind-types.ts';

const commonFields: Readonly<Record<keyof TargetProps, true>> = {
  certificate: true,
  host: true,
  verify: true,
  autoHeal: true,
  window: true,
  onDeployed: true,
};

/** Returns the function that builds targets of this kind. `Certferry.addTarget` validates the result. */
function builder(kind: TargetKind) {
  return (id: string, properties: TargetProps): TargetInput => {
    const fields = Object.entries(properties);
    const common = fields.filter(([name]) => name in commonFields);
    const config = fields.filter(([name]) => !(name in commonFields));
    const target: unknown = { id, kind, ...Object.fromEntries(common), config: Object.fromEntries(config) };
    return target as TargetInput;
  };
}

/**
 * One function for each kind of target, with the common fields and those of the kind side by side:
 * `Target.nginx('web-1', { certificate, host, certPath, keyPath, verify })`.
 */
export const Target: TargetBuilders = Object.fromEntries(
  targetKinds.map((kind) => [builderNames[kind] ?? kind, builder(kind)]),
) as unknown as TargetBuilders;
