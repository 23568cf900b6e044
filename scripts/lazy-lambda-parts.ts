import { basename } from 'node:path';
import type { Plugin } from 'esbuild';

/** Recognises gone hosts. */
const whereabouts = 'lambdas/runtime/whereabouts.ts';

/** Parts of functions that few deployments need. Each is a bundle of its own, which a function loads with `import()`. */
export const lazyParts: Readonly<Record<string, readonly string[]>> = {
  'push-bundle': ['lambdas/runtime/earlier-versions.ts', whereabouts],
  'reconcile-command': [whereabouts],
  'probe-from-host': [whereabouts],
  'roll-back': [whereabouts],
  'run-on-deployed': [whereabouts],
  'command-status': [whereabouts],
};

/** The name of the built file of a part, beside `index.mjs`. */
export const partName = (file: string): string => basename(file, '.ts');

/**
 * Leaves the parts out of `index.mjs`. Code splitting of esbuild cannot do that: it moves whole modules, and
 * `lambdas/runtime/wiring.ts` imports every service.
 */
export function leaveOut(parts: readonly string[]): Plugin {
  return {
    name: 'lazy-lambda-parts',
    setup(build) {
      build.onResolve({ filter: /\.ts$/ }, ({ path, kind }) => {
        const part = parts.find((file) => kind === 'dynamic-import' && basename(file) === basename(path));
        return part === undefined ? null : { path: `./${partName(part)}.mjs`, external: true };
      });
    },
  };
}
