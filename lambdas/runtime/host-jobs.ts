import { keptEarlier } from '../delivery/kept-earlier.ts';
import { keptBundles } from './kept-bundles.ts';
import { credentials, delivery, jobSigner } from './wiring.ts';

/** What RollBack and ReconcileCommand need to send jobs without a bundle. They may not read sources. */
export const hostJobServices = () => ({
  ...delivery(),
  signer: jobSigner(),
  credentials: credentials(),
  earlier: keptEarlier(keptBundles),
});
