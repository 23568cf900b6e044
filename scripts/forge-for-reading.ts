import type { Plugin } from 'esbuild';

const namespace = 'forge-for-reading';

/** forge's `pbe.js` looks for the class when it is loaded, and never uses it. */
const instead = "const forge = require('./forge'); forge.jsbn = forge.jsbn || {};";

/**
 * Leaves out of a bundle what node-forge needs only to make or encrypt RSA keys (its big integers, primes and random
 * numbers: a third of it). `core/certificate` reads PKCS#12 with forge and leaves every key to Node.
 */
export const forgeForReading: Plugin = {
  name: namespace,
  setup(build) {
    build.onResolve({ filter: /^\.\/(random|rsa)$/ }, ({ path, importer, resolveDir }) =>
      /node-forge[\\/]lib[\\/]/.test(importer) ? { path, namespace, pluginData: { resolveDir } } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace }, ({ pluginData }) => ({
      contents: instead,
      resolveDir: pluginData.resolveDir,
    }));
  },
};
