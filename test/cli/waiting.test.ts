import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { run } from '../../cli/program.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';

describe('a probe of a port that is silent', () => {
  let server: Server;
  let endpoint: string;
  let screen: string;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    endpoint = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    screen = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      screen += text;
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    server.close();
  });

  const probed = async (interactive: boolean, ...more: string[]) => {
    const out: string[] = [];
    const terminal = {
      ...{ interactive, width: 80, colours: plainColours, err: () => {} },
      out: (line: string) => void out.push(line),
    };
    const ended = run(['probe', endpoint, ...more], terminal);
    const [socket] = (await once(server, 'connection')) as [Socket];
    return { ended, socket, out };
  };

  test('A probe of a silent port shows on a terminal what it waits for, and how long', async () => {
    const { ended, socket, out } = await probed(true);

    const drawn = /. probing 127\.0\.0\.1:\d+ {2}\d/;
    await vi.waitUntil(() => drawn.test(stripVTControlCharacters(screen)), { timeout: 120_000 });
    socket.destroy();

    expect(await ended).toBe(1);
    expect(out.join('\n')).toMatch(/^✖ 127\.0\.0\.1:/);
  });

  test.each([
    [false, []],
    [true, ['--json']],
  ])(
    'A probe of a silent port prints no progress outside a terminal (a screen: %s, %j)',
    async (interactive, more) => {
      const { ended, socket, out } = await probed(interactive, ...more);

      // long enough for what is drawn ten times a second
      setTimeout(() => socket.destroy(), 350);

      expect(await ended).toBe(1);
      expect({ screen, lines: out.length }).toEqual({ screen: '', lines: 1 });
    },
  );
});
