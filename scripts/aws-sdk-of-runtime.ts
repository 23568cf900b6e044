import type { Plugin } from 'esbuild';

/**
 * Leaves the AWS SDK out of a Lambda bundle, because the Lambda runtime includes it. esbuild cannot know that these packages
 * have no side effects and would keep an import of every client in `lambdas/runtime/wiring.ts`. A function that loads fewer
 * clients starts faster.
 */
export const awsSdkOfRuntime: Plugin = {
  name: 'aws-sdk-of-runtime',
  setup(build) {
    build.onResolve({ filter: /^@(aws-sdk|smithy)\// }, ({ path }) => ({
      path,
      external: true,
      sideEffects: false,
    }));
  },
};
