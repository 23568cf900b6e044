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
      const { device, config, close } = await startBigIp({ config: { deviceGroup: 'pair' } });
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

/** Removing uploads that do not exist changes nothing, and neither does a session. */
function isChanging({ method, path }: DeviceCall): boolean {
  return (
    method !== 'GET' && !path.endsWith('/login') && !path.includes('/tokens/') && !path.endsWith('/unix-rm')
  );
}

/** Throws if running and saved configuration differ, or if the key belongs to another leaf. */
function installedIn(device: BigIp) {
  const { running, saved } = device;
  const [entry = {}] = running.profiles.get(profilePath)?.certKeyChain ?? [];
  if (device.serves(profilePath) !== device.serves(profilePath, 0, saved))
    throw new Error('the running configuration is not saved');
  const leaf = running.files['ssl-cert'].get(entry.cert ?? '')?.text ?? '';
  const key = running.files['ssl-key'].get(entry.key ?? '')?.text ?? '';
  const chain = running.files['ssl-cert'].get(entry.chain ?? '')?.text ?? '';
  if (!new X509Certificate(leaf).checkPrivateKey(createPrivateKey(key)))
    throw new Error('the key belongs to another leaf');
  return { leaf, chain: chain.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? [], key };
}
