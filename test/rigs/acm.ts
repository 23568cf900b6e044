import { createPrivateKey, X509Certificate } from 'node:crypto';
import { ACMClient } from '@aws-sdk/client-acm';
import { createAcmConnector } from '../../agent-scripts/stores/acm/connector.ts';
import type { AnyStoreConnector } from '../../agent-scripts/stores/stores.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import type { StoreSite, StoreUnderContract } from '../contract/stores/store-site.ts';
import { type AcmCertificate, type AcmServer, startAcmServer } from '../fakes/acm-server.ts';

/** ACM with a certificate that the target names by its ARN. */
export const acmByArn: StoreUnderContract = {
  title: 'acm',
  kind: 'acm',
  tested: () => 'a strict server',
  startsEmpty: false,
  dryRun: 'validate_unsupported',
  async start() {
    const server = await startAcmServer();
    const certificateArn =
      'arn:aws:acm:us-east-1:123456789012:certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b';
    return siteOf(server, { certificateArn }, (content) => server.add({ ...content, arn: certificateArn }));
  },
};

/** ACM without a certificate: the first deployment imports one. */
export const acmByName: StoreUnderContract = {
  ...acmByArn,
  title: 'acm (first import)',
  startsEmpty: true,
  async start() {
    const server = await startAcmServer();
    const tags = new Map(Object.entries({ certferry: 'true', 'certferry-target': 'in-store' }));
    return siteOf(server, { name: 'www', region: 'us-east-1' }, (content) => {
      const [existing] = server.certificates();
      server.add({ ...content, tags, ...(existing && { arn: existing.arn }) });
    });
  },
};

type Content = Pick<AcmCertificate, 'leaf' | 'chain' | 'key'>;

function siteOf(server: AcmServer, config: object, add: (content: Content) => void): StoreSite {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'unused' };
  const connector = createAcmConnector({
    client: (region) => new ACMClient({ region, endpoint: server.endpoint, credentials, maxAttempts: 1 }),
    sleep: async (_, deadline) => deadline.throwIfAborted(),
  });
  return {
    connector: connector as unknown as AnyStoreConnector,
    config,
    credentials: {},
    install: async ({ leaf, chain, key }) => add({ leaf, chain: chain.join(''), key }),
    installed: async () => {
      const [found] = server.certificates();
      return found === undefined ? null : wholeBundle(found);
    },
    objects: async () => server.certificates().map(({ arn }) => arn),
    requests: () => ({
      all: server.requests.length,
      changing: server.requests.filter((name) => /^(Import|Delete)/.test(name)).length,
    }),
    failFrom(request) {
      const first = server.requests.length + (request ?? 0);
      server.fault = (number) => (request !== null && number >= first ? 'unavailable' : null);
    },
    close: () => server.close(),
  };
}

function wholeBundle({ leaf, chain, key }: AcmCertificate): Bundle {
  if (!new X509Certificate(leaf).checkPrivateKey(createPrivateKey(key))) throw new Error('another key');
  return { leaf, chain: chain.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----\n/g) ?? [], key };
}
