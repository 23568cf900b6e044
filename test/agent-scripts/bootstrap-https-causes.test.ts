import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { anAuthority, aVersion } from '../fixtures/certificates.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { expectCause } from './expect-cause.ts';
import { serveClosedConnections, serveRefusingProxy, serveTls } from './loopback-servers.ts';
import { useBootstrapHost } from './use-bootstrap-host.ts';

const { host, started } = useBootstrapHost();

const clients = [
  { client: 'curl', programs: ['curl'] },
  { client: 'wget', programs: ['wget'] },
];

for (const { client, programs } of clients) {
  describeWith([program(client)], `an https location, fetched by ${client}`, () => {
    const env = async () => {
      const trust = join(host.root, 'trust.pem');
      const wgetrc = join(host.root, 'wgetrc');
      writeFileSync(trust, (await anAuthority()).rootPem);
      writeFileSync(wgetrc, `ca_certificate = ${trust}\n`);
      return { PATH: host.path(['node', ...programs]), CURL_CA_BUNDLE: trust, WGETRC: wgetrc };
    };

    const hours = (count: number) => new Date(Date.now() + count * 3_600_000);

    async function served(request: Parameters<typeof aVersion>[0], status = 200, date = new Date()) {
      const { fullchainPem: cert, keyPem: key } = await aVersion({ names: ['localhost'], ...request });
      const server = await started(
        serveTls({ cert, key }, (_, response) =>
          response.writeHead(status, { date: date.toUTCString() }).end('<html>An error</html>'),
        ),
      );
      return { agentUrl: `https://localhost:${server.port}/agent.cjs` };
    }

    test('A certificate that is not valid yet names the clock of the host', async () => {
      const pins = await served({ notBefore: hours(24), notAfter: hours(48) }, 200, hours(30));

      const ended = await host.run(pins, await env());

      expectCause(
        ended,
        client === 'curl'
          ? /The clock of this host is 10\d{4} seconds behind/
          : 'The clock of this host is wrong',
      );
    });

    test('An expired certificate names the certificate if the clock agrees with that of the server', async () => {
      const pins = await served({ notBefore: hours(-48), notAfter: hours(-24) });

      expectCause(
        await host.run(pins, await env()),
        'The clock of this host is wrong, or the certificate of the server has expired',
      );
    });

    test('A certificate of an unknown authority names the trust store', async () => {
      const { PATH } = await env();

      expectCause(await host.run(await served({}), { PATH }), 'This host does not trust the certificate');
    });

    test.each([
      [403, 'The server denies access to this host'],
      [404, 'The file does not exist any more'],
      [200, 'The answer is a web page, as a proxy or a login page returns it'],
    ])('An answer with %i names its cause: %s', async (status, cause) => {
      expectCause(await host.run(await served({}, status), await env()), cause);
      expect(host.cached()).toEqual([]);
    });

    test('A connection that a firewall closes is named', async () => {
      const { port } = await started(serveClosedConnections());

      const ended = await host.run({ agentUrl: `https://localhost:${port}/agent.cjs` }, await env());

      expectCause(ended, 'A firewall or proxy between this host and the server closed the connection');
    });

    test('A proxy that refuses the tunnel is named', async () => {
      const proxy = await started(serveRefusingProxy('407 Proxy Authentication Required'));

      const ended = await host.run(await served({}), {
        ...(await env()),
        https_proxy: `http://127.0.0.1:${proxy.port}`,
      });

      expectCause(ended, 'The proxy does not answer or refuses the request');
    });
  });
}
