import type { ProbeProtocol } from '../../core/targets/kinds/probe-protocol.ts';
import {
  type Daemon,
  type FoundEndpoint,
  type Installation,
  mergeInstallations,
  optionOf,
  pairInstallation,
  type Reading,
  reachableAddress,
  unread,
} from '../found.ts';

/** Dovecot: `doveconf` prints every setting, also of listeners and server names. Without `-P`, it hides the path of the key. */
export const dovecot: Daemon = {
  name: 'dovecot',
  isMain: ({ program }) => /\/dovecot$/.test(program),
  async read(process, host) {
    const file = optionOf(process.argv, '-c');
    const output = await host.run(['doveconf', '-P', ...(file === null ? [] : ['-c', file])], process);
    const config = file === null || file === '/etc/dovecot/dovecot.conf' ? {} : { configPath: file };
    return 'problem' in output ? unread(output.problem) : parseDovecot(output.text, config);
  },
};

/** A setting with the blocks around it, such as `local_name www.example.test`. */
interface Setting {
  readonly path: readonly string[];
  readonly name: string;
  readonly value: string;
}

/** Reads the output of `doveconf`. */
export function parseDovecot(text: string, config: object): Reading {
  const settings = settingsOf(text);
  const endpoints = endpointsOf(settings);
  const certificates = settings.filter(({ name }) => ['ssl_cert', 'ssl_server_cert_file'].includes(name));
  const found = certificates.flatMap(({ path, value, name }): Installation[] => {
    const certPath = value.replace(/^</, '');
    const keyName = name === 'ssl_cert' ? 'ssl_key' : 'ssl_server_key_file';
    const key = settings.find((one) => one.name === keyName && one.path.join() === path.join());
    if (!certPath.startsWith('/')) return [];
    const serverName = serverNameOf(path);
    return [
      pairInstallation({
        daemon: 'dovecot',
        certPath,
        keyPath: key?.value.replace(/^</, '') ?? '',
        endpoints: endpoints.map((endpoint) => ({ ...endpoint, serverName })),
        config,
      }),
    ];
  });
  return { installations: mergeInstallations(found), notes: [] };
}

/** The name of the block `local_name` around a setting. */
function serverNameOf(path: readonly string[]): string | null {
  const names = path.flatMap((block) => /^local_name "?([^"\s]+)"?$/.exec(block)?.[1] ?? []);
  return names[0] ?? null;
}

function settingsOf(text: string): Setting[] {
  const [settings, path]: [Setting[], string[]] = [[], []];
  for (const line of text.split('\n').map((one) => one.trim())) {
    const [, name = '', value = ''] = /^(\w+) = ?(.*)$/.exec(line) ?? [];
    if (line.startsWith('#')) continue;
    if (line.endsWith('{')) path.push(line.slice(0, -1).trim());
    else if (line === '}') path.pop();
    else if (name !== '') settings.push({ path: [...path], name, value });
  }
  return settings;
}

/** The services that speak TLS to clients, and how TLS begins unless the listener has `ssl = yes`. */
const services: Readonly<Record<string, ProbeProtocol | null>> = {
  'imap-login': 'imap',
  'pop3-login': 'pop3',
  'managesieve-login': 'sieve',
  'submission-login': 'smtp',
  lmtp: null,
};

function endpointsOf(settings: readonly Setting[]): FoundEndpoint[] {
  const address = settings.find(({ name, path }) => name === 'listen' && path.length === 0)?.value ?? '*';
  const protocols =
    settings.find(({ name, path }) => name === 'protocols' && path.length === 0)?.value.split(/\s+/) ?? [];
  return settings
    .filter(
      ({ name, path, value }) => name === 'port' && path[1]?.startsWith('inet_listener') && Number(value) > 0,
    )
    .flatMap(({ path, value }): FoundEndpoint[] => {
      const service = path[0]?.replace('service ', '') ?? '';
      const starttls = services[service] ?? null;
      const isEnabled = protocols.includes(service.replace('-login', '').replace('managesieve', 'sieve'));
      const direct =
        settings.find((one) => one.name === 'ssl' && one.path.join() === path.join())?.value === 'yes';
      if (starttls === null || !isEnabled) return [];
      const host = reachableAddress(address.split(/[\s,]+/)[0] ?? '*');
      return [{ endpoint: `${host}:${value}`, protocol: direct ? 'tls' : starttls, serverName: null }];
    })
    .sort((one, other) => Number(other.protocol === 'tls') - Number(one.protocol === 'tls'));
}
