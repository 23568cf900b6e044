import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { createAuthority } from '../fixtures/certificates.ts';
import { apacheWithChainFile } from '../rigs/apache.ts';
import { filesDaemon } from '../rigs/files-site.ts';
import { nginxDaemon } from '../rigs/nginx-site.ts';
import { postfixDaemons } from '../rigs/postfix.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { aHostedSite, type HostedSite, startByHand } from './hosted-site.ts';
import type { DaemonUnderContract, Site } from './site.ts';

/** The same daemon with `chainPath`. `use` makes the daemon read it: a change of its configuration. */
function withChainPath(
  daemon: DaemonUnderContract,
  use: (site: Site, chainPath: string) => Readonly<Record<string, unknown>>,
): DaemonUnderContract {
  return {
    ...daemon,
    async site(folder) {
      const site = await daemon.site(folder);
      const chainPath = join(folder, 'tls/chain.pem');
      return {
        ...site,
        config: { ...site.config, chainPath, ...use(site, chainPath) },
        liveFiles: [...site.liveFiles, chainPath],
        installByHand(version) {
          site.installByHand(version);
          writeFileSync(chainPath, version.chainPem);
        },
      };
    },
  };
}

const nginxTrusting = withChainPath(nginxDaemon, ({ config, keyFile }, chainPath) => {
  const conf = String(config.configPath);
  const trusted = `$&\n    ssl_trusted_certificate ${chainPath};`;
  writeFileSync(conf, readFileSync(conf, 'utf8').replace(`ssl_certificate_key ${keyFile};`, trusted));
  return {};
});

const filesWithStore = withChainPath(filesDaemon, ({ liveFiles: [certPath = ''] }, chainPath) => ({
  validateCommand: ['openssl', 'verify', '-partial_chain', '-CAfile', chainPath, certPath],
}));

describeWith(
  [program('unshare', 'util-linux'), program('openssl'), root],
  'a version without intermediates',
  () => {
    const scratch = scratchFolder();
    let count = 0;
    let current: HostedSite | null = null;
    afterEach(async () => {
      await current?.site.stop();
      current = null;
    });

    for (const daemon of [nginxTrusting, apacheWithChainFile, postfixDaemons.separateChain, filesWithStore]) {
      describeWith(daemon.needs, daemon.title, () => {
        test(`A version without intermediates removes the previous ones from the chain file, and undo and rollback restore them: ${daemon.title}`, async () => {
          const hosted = await aHostedSite(daemon, join(scratch, `${++count}`));
          current = hosted;
          const first = await startByHand(hosted);
          const chainPath = String(hosted.site.config.chainPath);
          const before = hosted.identities();
          const direct = await createAuthority({ name: 'Direct' });
          const alone = await direct.issue({ names: ['www.example.test'] });

          const line = await hosted.deploy(alone);
          const chain = readFileSync(chainPath, 'utf8');
          await hosted.serves(alone);
          const undone = await hosted.send('undo', { deploymentId: line.deploymentId });

          // with the previous intermediates, the endpoint would serve a broken chain
          expect(line).toMatchObject({
            outcome: 'applied',
            served: true,
            warnings: [],
            version: { chain: [] },
          });
          expect(chain).not.toContain(first.chainPem);
          expect(undone).toMatchObject({ outcome: 'restored', served: true });
          hosted.expectAsBefore(before);

          await hosted.deploy(alone);
          const rolledBack = await hosted.send('rollback');

          expect(rolledBack).toMatchObject({ outcome: 'applied', served: true });
          expect(readFileSync(chainPath, 'utf8')).toBe(first.chainPem);
          await hosted.serves(first);
          hosted.expectTidy();
        });
      });
    }
  },
);
