import type { TargetKind } from '../../core/targets/kinds/kinds.ts';

/** The functions whose name is not that of the kind: names of several words, as TypeScript writes them. */
export const builderNames: Partial<Readonly<Record<TargetKind, string>>> = {
  javakeystore: 'javaKeystore',
  k8ssecret: 'k8sSecret',
};
