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
