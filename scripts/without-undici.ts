import type { Plugin } from 'esbuild';

/**
 * Replaces undici, the HTTP client of `@kubernetes/client-node`. The connector for Secrets has a transport of its own on
 * `node:https`. undici needs Node 22.19 when it is loaded, and hosts may have Node 20.12.
 */
export const withoutUndici: Plugin = {
  name: 'without-undici',
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, ({ path }) => ({ path, namespace: 'without-undici' }));
    build.onLoad({ filter: /.*/, namespace: 'without-undici' }, () => ({
      contents: `
        export const fetch = () => { throw new Error('this build has no HTTP client of the Kubernetes library'); };
        export const Agent = fetch;
        export const ProxyAgent = fetch;`,
    }));
  },
};
