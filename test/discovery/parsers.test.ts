import { describe, expect, test } from 'vitest';
import { parseApache, virtualHostsIn } from '../../discovery/daemons/apache.ts';
import { parseCaddy } from '../../discovery/daemons/caddy.ts';
import { parseDovecot } from '../../discovery/daemons/dovecot.ts';
import { entriesOfList, parseHaproxy } from '../../discovery/daemons/haproxy.ts';
import { nginxOptions, parseNginx } from '../../discovery/daemons/nginx.ts';
import { parsePostfix } from '../../discovery/daemons/postfix.ts';
import { readPostgresql } from '../../discovery/daemons/postgresql.ts';
import { parseTomcat } from '../../discovery/daemons/tomcat.ts';
import { reachableAddress } from '../../discovery/found.ts';
import { listeningIn } from '../../discovery/listeners.ts';

const noFiles = { readText: () => null, list: () => [] };

describe('nginx', () => {
  test('The title of the master of nginx has the options of the instance, also values with spaces', () => {
    const options = nginxOptions({
      argv: [
        'nginx: master process /usr/sbin/nginx -g daemon on; master_process on; -p /srv/a/ -c conf/n.conf',
      ],
    });
    expect([...options]).toEqual([
      ['g', 'daemon on; master_process on;'],
      ['p', '/srv/a/'],
      ['c', 'conf/n.conf'],
    ]);
  });

  test('A certificate of the http block, a relative path and an included server of nginx are found', () => {
    const dump = `# configuration file /etc/nginx/nginx.conf:
http { ssl_certificate tls/a.pem; ssl_certificate_key "tls/a.key"; # not; a { block
  include sites/*.conf; }
# configuration file /etc/nginx/sites/a.conf:
server { listen 443 ssl; listen [::]:443 ssl; listen 80; server_name a.test *.a.test ~^x$; }
`;
    const [found, ...others] = parseNginx(dump, new Map()).installations;
    expect(others).toEqual([]);
    expect(found?.certFile).toBe('/etc/nginx/tls/a.pem');
    expect(found?.endpoints.map(({ endpoint, serverName }) => `${endpoint} ${serverName}`)).toEqual([
      '127.0.0.1:443 a.test',
      '[::1]:443 a.test',
    ]);
  });

  test('A certificate of nginx behind a variable gets a note and no target', () => {
    const dump = `# configuration file /n.conf:
http { server { listen 443 ssl; ssl_certificate /c/$ssl_server_name.pem; ssl_certificate_key /c/k.pem; } }`;
    const [found] = parseNginx(dump, new Map()).installations;
    expect(found?.target).toBeNull();
    expect(found?.notes).toHaveLength(1);
  });
});

describe('Apache', () => {
  test('Virtual hosts of httpd are read with and without several names at one address', () => {
    const dump = `VirtualHost configuration:
*:80                   127.0.0.1 (/etc/a.conf:1)
10.0.0.7:443           is a NameVirtualHost
         default server a.test (/etc/b.conf:3)
         port 443 namevhost a.test (/etc/b.conf:3)
         port 443 namevhost b.test (/etc/b.conf:9)
`;
    expect(virtualHostsIn(dump).map(({ address, name, line }) => [address, name, line])).toEqual([
      ['*:80', null, 1],
      ['10.0.0.7:443', 'a.test', 3],
      ['10.0.0.7:443', 'b.test', 9],
    ]);
  });

  test('Variables and includes in a virtual host of httpd are resolved', () => {
    const files: Record<string, string> = {
      '/etc/a.conf': '<VirtualHost *:443>\nSSLEngine on\nInclude tls/*.conf\n</VirtualHost>\n',
      '/etc/tls/x.conf': 'SSLCertificateFile ${DIR}/c.pem\nSSLCertificateKeyFile "/k.pem"\n',
    };
    const { installations } = parseApache('*:443 a.test (/etc/a.conf:1)\nServerRoot: "/etc"\n', {
      host: { readText: (path) => files[path] ?? null, list: () => ['/etc/tls/x.conf', '/etc/tls/y.txt'] },
      environment: { DIR: '/tls' },
      configFile: null,
    });
    expect(installations[0]?.target?.config).toEqual({ certPath: '/tls/c.pem', keyPath: '/k.pem' });
  });
});

test('A bind line of haproxy with a folder names each certificate in it, and not its companions', () => {
  const host = {
    readText: () => null,
    list: (path: string) => (path === '/c/' ? ['/c/a.pem', '/c/a.pem.ocsp', '/c/b.pem'] : []),
  };
  const text =
    'global\n crt-base /c\nfrontend w\n bind :443,:::8443 ssl crt /c/ alpn h2 # crt /no\n bind :80\n';
  const { installations } = parseHaproxy(text, { host, config: {} });
  expect(installations.map(({ certFile }) => certFile)).toEqual(['/c/a.pem', '/c/b.pem']);
  expect(installations[0]?.endpoints.map(({ endpoint }) => endpoint)).toEqual([
    '127.0.0.1:443',
    '[::1]:8443',
  ]);
});

test('A line of a crt-list of haproxy has a file, options and server names', () => {
  expect(entriesOfList('# list\na.pem [alpn h2] a.test !b.a.test *.a.test\n/x.pem\n', '/c')).toEqual([
    { path: '/c/a.pem', names: ['a.test'] },
    { path: '/x.pem', names: [] },
  ]);
});

test('A service of Postfix with its own certificate gets a note', () => {
  const { installations, notes } = parsePostfix(
    {
      main: 'smtpd_tls_cert_file = /c.pem\nsmtpd_tls_key_file = /k.pem\nsmtpd_tls_chain_files =\ntls_server_sni_maps =\ninet_interfaces = all\n',
      services:
        'smtp       inet  n       -       y       -       -       smtpd\nsmtps inet n - y - - smtpd\n',
      overrides: 'smtps/inet/smtpd_tls_wrappermode = yes\nsmtps/inet/smtpd_tls_cert_file = /other.pem\n',
    },
    { host: noFiles, config: {} },
  );
  expect(installations[0]?.endpoints.map(({ endpoint, protocol }) => [endpoint, protocol])).toEqual([
    ['127.0.0.1:25', 'smtp'],
    ['127.0.0.1:465', 'tls'],
  ]);
  expect(notes).toHaveLength(1);
});

test('A block local_name of Dovecot has its own certificate and server name', () => {
  const text = `listen = *
protocols = imap
ssl_cert = </c.pem
ssl_key = </k.pem
local_name b.test {
  ssl_cert = </b.pem
  ssl_key = </bk.pem
}
service imap-login {
  inet_listener imaps {
    port = 993
    ssl = yes
  }
}
`;
  const { installations } = parseDovecot(text, {});
  expect(
    installations.map(({ certFile, endpoints: [one] }) => [certFile, one?.endpoint, one?.serverName]),
  ).toEqual([
    ['/c.pem', '127.0.0.1:993', null],
    ['/b.pem', '127.0.0.1:993', 'b.test'],
  ]);
});

test('Relative paths of PostgreSQL are in its data directory', () => {
  const values = {
    ssl: 'on',
    ssl_cert_file: 'server.crt',
    ssl_key_file: 'server.key',
    port: '5433',
    listen_addresses: '*',
  };
  const { installations } = readPostgresql({
    ...values,
    unix_socket_directories: '/var/run/postgresql',
    data_directory: '/d',
  });
  expect(installations[0]?.target?.config).toEqual({
    preset: 'postgresql',
    certPath: '/d/server.crt',
    keyPath: '/d/server.key',
    instance: { port: 5433 },
  });
});

test('Files of load_files in the JSON of Caddy become targets, and other JSON gets a note', () => {
  const json = {
    apps: {
      tls: { certificates: { load_files: [{ certificate: '/c', key: '/k' }] } },
      http: { servers: { a: { listen: [':443', ':80'] } } },
    },
  };
  expect(parseCaddy(JSON.stringify(json), {}, '/C').installations[0]?.endpoints).toHaveLength(1);
  expect(parseCaddy('{', {}, '/C').notes).toHaveLength(1);
});

test('A certificate of Tomcat in PEM files becomes a target, and a keystore gets a note', () => {
  const xml = `<!-- <Connector port="1"/> --><Connector port="8443" SSLEnabled="true">
<SSLHostConfig hostName="a.test"><Certificate certificateFile="conf/c.pem" certificateKeyFile="conf/k.pem" /></SSLHostConfig>
<SSLHostConfig><Certificate certificateKeystoreFile="conf/store.p12" /></SSLHostConfig></Connector>`;
  const { installations } = parseTomcat(xml, { folder: '/b', reload: { reload: 'none' } });
  expect(
    installations.map(({ certFile, target, endpoints: [one] }) => [certFile, target?.kind, one?.endpoint]),
  ).toEqual([
    ['/b/conf/c.pem', 'files', '127.0.0.1:8443'],
    ['/b/conf/store.p12', undefined, '127.0.0.1:8443'],
  ]);
});

test('A listening socket of /proc/net/tcp6 for all addresses is reached over loopback', () => {
  const line = '   0: 00000000000000000000000000000000:01BB 0:0 0A 0:0 0:0 0 0 0 4711 1 0';
  expect(listeningIn(line)).toEqual([{ address: '[::1]', port: 443, inode: '4711' }]);
  expect(reachableAddress('*')).toBe('127.0.0.1');
});
