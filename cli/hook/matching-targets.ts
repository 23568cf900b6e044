import type { RegisteredTarget } from '../../core/targets/registered.ts';

/** Targets with one certificate name. */
export interface MatchingTargets {
  readonly certificate: string;
  readonly targets: readonly [RegisteredTarget, ...RegisteredTarget[]];
}

/**
 * The targets whose `certificate` is one of the names in the renewed certificate, or the name that the renewal tool uses for it. They
 * are grouped by that name, in the order of the file.
 */
export function matchingTargets(
  targets: readonly RegisteredTarget[],
  names: readonly (string | undefined)[],
): MatchingTargets[] {
  const wanted = new Set(names.map((name) => name?.toLowerCase()));
  const matching = targets.filter(({ certificate }) => wanted.has(certificate.toLowerCase()));
  return [...Map.groupBy(matching, ({ certificate }) => certificate)].flatMap(
    ([certificate, [first, ...others]]) =>
      first === undefined ? [] : [{ certificate, targets: [first, ...others] as const }],
  );
}
