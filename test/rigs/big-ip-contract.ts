import { createPrivateKey, X509Certificate } from 'node:crypto';
import { f5 } from '../../agent-scripts/stores/f5/connector.ts';
import type { StoreUnderContract } from '../contract/stores/store-site.ts';
import { account, type BigIp, type DeviceCall } from '../fakes/big-ip/big-ip.ts';
import { createFile, patchProfile } from '../fakes/big-ip/configuration.ts';
import { objectNames, profilePath, startBigIp } from './big-ip.ts';

/** The strict server of a BIG-IP under the contract of stores. */
export function bigIpUnderContract(): StoreUnderContract {
  return {
    title: 'f5',
    kind: 'f5',
    tested: () => 'a strict server of our own; no BIG-IP was available',
    startsEmpty: false,
    dryRun: 'validated',
    async start() {
      const { device, config, close } = await startBigIp();
      let installations = 0;
      let isOpen = true;
      return {
        connector: f5,
        config,
        credentials: { password: account.password },
        async install({ leaf, chain, key }) {
          installations += 1;
          const fileOf = (kind: 'ssl-key' | 'ssl-cert', name: string, text: string) =>
            createFile(device.running, { kind, version: 17, name, partition: 'Common', text });
          const name = `other-${installations}`;
          const entry = {
            name: 'default',
            cert: fileOf('ssl-cert', `${name}.crt`, leaf),
            key: fileOf('ssl-key', `${name}.key`, key),
            chain: chain.length === 0 ? 'none' : fileOf('ssl-cert', `${name}-chain.crt`, chain.join('')),
          };
          patchProfile(device.running, profilePath, { certKeyChain: [entry] });
          device.save();
        },
        installed: async () => installedIn(device),
        objects: async () => [...objectNames(device), ...device.uploads.keys()],
        requests: () => ({ all: device.calls.length, changing: device.calls.filter(isChanging).length }),
        failFrom(request) {
          const first = device.calls.length + (request ?? Number.POSITIVE_INFINITY);
          device.fault = ({ n }) =>
            n >= first ? { kind: 'answer', status: 500, message: 'AsyncContext timeout' } : null;
        },
        async close() {
          if (isOpen) await close();
          isOpen = false;
        },
      };
    },
  };
}

/** A commit that is not only a check, or a save: objects that no profile uses do not count. */
function isChanging({ method, path, body }: DeviceCall): boolean {
  const isCommit = method === 'PATCH' && path.includes('/transaction/') && body.validateOnly !== true;
  return isCommit || path === '/mgmt/tm/sys/config';
}

/** Throws if the key belongs to another leaf. */
function installedIn(device: BigIp) {
  const { running } = device;
  const [entry = {}] = running.profiles.get(profilePath)?.certKeyChain ?? [];
  const leaf = running.files['ssl-cert'].get(entry.cert ?? '')?.text ?? '';
  const key = running.files['ssl-key'].get(entry.key ?? '')?.text ?? '';
  const chain = running.files['ssl-cert'].get(entry.chain ?? '')?.text ?? '';
  if (!new X509Certificate(leaf).checkPrivateKey(createPrivateKey(key)))
    throw new Error('the key belongs to another leaf');
  return { leaf, chain: chain.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? [], key };
}
