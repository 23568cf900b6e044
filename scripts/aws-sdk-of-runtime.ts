import type { Plugin } from 'esbuild';

/**
 * Leaves the AWS SDK out of a Lambda bundle, because the Lambda runtime includes it. esbuild cannot know that these packages
 * have no side effects and would keep an import of every client in `lambdas/runtime/wiring.ts`. A function that loads fewer
 * clients starts faster.
 *
 * Packages of `@smithy` are bundled: the runtime contains only those that the SDK needs, and not always where a function finds
 * them (https://github.com/aws/aws-cdk/issues/33099, https://github.com/aws/aws-sdk-js-v3/issues/6169).
 */
export const awsSdkOfRuntime: Plugin = {
  name: 'aws-sdk-of-runtime',
  setup(build) {
    build.onResolve({ filter: /^@aws-sdk\// }, ({ path }) => ({
      path,
      external: true,
      sideEffects: false,
    }));
  },
};

/** An import of the SDK in a minified function, as esbuild writes it. */
const sdkImport = /\bimport\s*\{([^}]*)\}\s*from\s*"@aws-sdk\/([^"]+)"/g;

/**
 * The parts of the SDK that built functions import, as entry points of the command line: one file per package. In local mode
 * these files replace the SDK of the Lambda runtime (`local/functions/resolve-sdk.ts`).
 */
export function importedSdk(functions: readonly string[]): {
  readonly entryPoints: Readonly<Record<string, string>>;
  readonly plugin: Plugin;
} {
  const names = new Map<string, Set<string>>();
  for (const [, list = '', name = ''] of functions.flatMap((text) => [...text.matchAll(sdkImport)])) {
    const known = names.get(name) ?? new Set();
    names.set(name, known);
    for (const imported of list.split(',')) known.add(imported.trim().split(/\s+/)[0] ?? '');
  }
  const namespace = 'aws-sdk-of-functions';
  return {
    entryPoints: Object.fromEntries(
      [...names.keys()].map((name) => [`local/aws-sdk/${name}`, `${namespace}:${name}`]),
    ),
    plugin: {
      name: namespace,
      setup(build) {
        build.onResolve({ filter: new RegExp(`^${namespace}:`) }, ({ path }) => ({
          path: path.slice(namespace.length + 1),
          namespace,
        }));
        build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
          contents: `export { ${[...(names.get(path) ?? [])].join(', ')} } from '@aws-sdk/${path}';`,
          resolveDir: build.initialOptions.absWorkingDir ?? process.cwd(),
        }));
      },
    },
  };
}
