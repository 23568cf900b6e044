import { spawn } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localHost } from '../../discovery/local-host.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { apacheSite } from './apache.ts';
import { dovecotSite } from './dovecot.ts';
import { haproxyIn } from './haproxy.ts';
import { nginxIn } from './nginx.ts';
import { postfixSite } from './postfix.ts';
import { postgresql } from './postgresql.ts';
import { presetSite } from './preset-site.ts';
import { untilListening } from './processes.ts';

const inNineDays = new Date(Date.now() + 9.5 * 86_400_000);

/** Two instances of nginx, Apache, haproxy with a list, Postfix with an SNI map, Dovecot and PostgreSQL, below `root`. */
export async function startHost(root: string) {
  chmodSync(root, 0o755);
  const folder = (name: string) => {
    mkdirSync(join(root, name));
    return join(root, name);
  };
  const version = await aVersion({ names: ['www.example.test'] });
  const listed = await aVersion({ names: ['shop.example.test'], notAfter: inNineDays });
  const write = (path: string, text: string) => writeFileSync(path, text, { mode: 0o600 });
  const stops: (() => Promise<void>)[] = [];
  const started = async (daemon: { start(): Promise<void>; stop(): Promise<void> }) => {
    stops.push(() => daemon.stop());
    await daemon.start();
  };

  const first = await nginxIn(folder('nginx-1'));
  const second = await nginxIn(folder('nginx-2'));
  for (const { certPath, keyPath } of [first, second]) {
    write(certPath, version.fullchainPem);
    write(keyPath, version.keyPem);
  }
  const included = join(root, 'nginx-2/site.conf');
  const text = readFileSync(second.conf, 'utf8');
  const [server = ''] = /server \{[\s\S]*?return 200 "ok";\n {2}\}/.exec(text) ?? [];
  writeFileSync(included, server);
  writeFileSync(second.conf, text.replace(server, 'include site*.conf;'));
  await started(first);
  await started({
    stop: () => second.stop(),
    async start() {
      const child = spawn('nginx', ['-p', join(root, 'nginx-2/'), '-c', 'nginx.conf'], { stdio: 'ignore' });
      await new Promise((resolve) => child.once('exit', resolve));
      await untilListening('nginx', second.port, join(root, 'nginx-2/error.log'));
    },
  });

  const apache = await apacheSite(folder('apache'), false);
  const dovecot = await dovecotSite(folder('dovecot'));
  const postfix = await postfixSite(folder('postfix'), 'chainFiles');
  const database = await presetSite(postgresql, folder('postgresql'));
  for (const site of [apache, dovecot, postfix, database]) site.installByHand(version);
  const map = join(root, 'postfix/etc/sni');
  const sniPem = join(root, 'postfix/tls/shop.pem');
  write(sniPem, listed.keyPem + listed.fullchainPem);
  write(map, `shop.example.test ${sniPem}\n`);
  appendFileSync(join(root, 'postfix/etc/main.cf'), `\ntls_server_sni_maps = texthash:${map}\n`);

  const list = join(root, 'haproxy.list');
  const haproxy = await haproxyIn(folder('haproxy'), (tls) => ({
    crt: `${tls}/`,
    pemPath: join(tls, 'site.pem'),
    keyPath: null,
  }));
  const shopPem = join(root, 'shop.pem');
  write(haproxy.pemPath, version.fullchainPem + version.keyPem);
  write(shopPem, listed.fullchainPem + listed.keyPem);
  writeFileSync(
    list,
    `${haproxy.pemPath} www.example.test\n${shopPem} [alpn h2,http/1.1] shop.example.test\n`,
  );
  writeFileSync(haproxy.conf, readFileSync(haproxy.conf, 'utf8').replace(/crt \S+/, `crt-list ${list}`));
  for (const daemon of [apache, dovecot, postfix, database, haproxy]) await started(daemon);

  return {
    root,
    version,
    listed,
    paths: { nginx: first.certPath, shopPem, sniPem, haproxy: haproxy.pemPath },
    /** This machine, limited to the processes of these daemons. */
    host: localHost(({ argv, environment }) =>
      `${argv.join(' ')} ${environment.MAIL_CONFIG}`.includes(`${root}/`),
    ),
    async stop() {
      for (const stop of stops.reverse()) await stop();
    },
  };
}
