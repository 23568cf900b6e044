import type { Plugin } from 'esbuild';

const namespace = 'forge-for-reading';

/** forge's `pbe.js` requires this class to exist, but does not use it. */
const replacement = "const forge = require('./forge'); forge.jsbn = forge.jsbn || {};";

/**
 * Excludes the parts of node-forge that only create or encrypt RSA keys: big integers, primes and random numbers, a third of
 * its size. `core/certificate` uses forge to read PKCS#12 only; Node handles the keys.
 */
export const forgeForReading: Plugin = {
  name: namespace,
  setup(build) {
    build.onResolve({ filter: /^\.\/(random|rsa)$/ }, ({ path, importer, resolveDir }) =>
      /node-forge[\\/]lib[\\/]/.test(importer) ? { path, namespace, pluginData: { resolveDir } } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace }, ({ pluginData }) => ({
      contents: replacement,
      resolveDir: pluginData.resolveDir,
    }));
  },
};
