import { CertferryError } from '../../../core/errors.ts';
import type { StoreAccess, StoreConnector } from '../store.ts';
import { openDevice } from './device.ts';
import { F5Plan } from './plan.ts';
import { profileStore } from './profile-store.ts';

/**
 * F5 BIG-IP through iControl REST. A deployment creates a key, a certificate and a chain object, then one transaction
 * changes the references of the profiles to them. So previous and new version exist side by side, and a rollback is one
 * transaction back.
 */
export const f5: StoreConnector<'f5', F5Plan> = {
  plan: F5Plan,
  async open(access: StoreAccess<'f5'>) {
    const { config, credentials, signal } = access;
    const { password } = credentials;
    if (password === undefined)
      throw new CertferryError('CredentialUnavailable', 'The job has no password for the BIG-IP.');
    const { username, loginProvider } = config;
    const device = await openDevice(config, { username, password, loginProvider }, signal);
    return profileStore(device, access);
  },
};
