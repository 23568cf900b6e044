import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, test } from 'vitest';
import { openStateFolder, type StateFolder } from '../../local/base/state-folder.ts';
import { type Cloud, openCloud } from '../../local/cloud/local-cloud.ts';
import { serve } from '../../local/http/server.ts';
import { openSockets, socketAgent } from '../../local/http/sockets.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { scratch } from './scratch.ts';

const closing: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function open(folder: StateFolder): Promise<Cloud> {
  const cloud = await openCloud(folder);
  closing.push(cloud.close);
  return cloud;
}

/** The folders of sockets that are in a state folder. */
function socketFolders({ path }: StateFolder): string[] {
  return readdirSync(join(path, 'sockets')).map((name) => join(path, 'sockets', name));
}

/** Connects to a socket as another user, and prints the error code or the answer. */
const connects = `
  require('node:net').connect(process.argv[1])
    .on('error', ({ code }) => console.log(code))
    .on('connect', function () { console.log('connected'); this.end(); });
`;

function asAnotherUser(socket: string): string {
  const other = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
  const { stdout } = spawnSync('setpriv', [...other, process.execPath, '-e', connects, socket], {
    encoding: 'utf8',
    cwd: '/',
  });
  return stdout.trim();
}

function statusOf(socket: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ agent: socketAgent(socket), path: '/certferry-work?list-type=2', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('the endpoints of local mode', () => {
  test('Local mode listens on no port of the network', async () => {
    const listening = () =>
      process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap').length;
    const before = listening();

    await open(openStateFolder(scratch()));

    expect(listening()).toBe(before);
  });

  test('Only the owner of the state folder can enter the folder of the sockets', async () => {
    const folder = openStateFolder(scratch());
    await open(folder);

    const [own = ''] = socketFolders(folder);

    expect(readdirSync(own).sort()).toEqual([
      'lambda',
      's3',
      'secretsManager',
      'sns',
      'ssm',
      'stepFunctions',
      'token',
    ]);
    for (const path of [dirname(own), own]) expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(own, 'token')).mode & 0o777).toBe(0o600);
  });

  describeWith([root, program('setpriv', 'util-linux')], 'another user of the machine', () => {
    test('Another user of the machine cannot connect to an endpoint', async () => {
      const parent = scratch();
      chmodSync(parent, 0o755);
      const folder = openStateFolder(join(parent, 'state'));
      await open(folder);
      const [own = ''] = socketFolders(folder);

      for (const service of ['lambda', 's3', 'secretsManager', 'sns', 'ssm', 'stepFunctions']) {
        expect(asAnotherUser(join(own, service))).toBe('EACCES');
      }
    });
  });

  test('An endpoint refuses a client that knows the socket but not the token', async () => {
    const folder = openStateFolder(scratch());
    await open(folder);
    const [own = ''] = socketFolders(folder);
    const signed = (id: string) => ({ authorization: `AWS4-HMAC-SHA256 Credential=${id}/20261128/x` });

    expect(await statusOf(join(own, 's3'), {})).toBe(403);
    expect(await statusOf(join(own, 's3'), signed('guessed'))).toBe(403);
    expect(await statusOf(join(own, 's3'), signed(readFileSync(join(own, 'token'), 'utf8')))).toBe(200);
  });

  test('Two commands on one state folder have different tokens, and the token ends with its command', async () => {
    const folder = openStateFolder(scratch());
    const first = await open(folder);
    await open(folder);

    const tokens = socketFolders(folder).map((one) => readFileSync(join(one, 'token'), 'utf8'));

    expect(new Set(tokens).size).toBe(2);
    expect(existsSync(join(folder.path, 'token'))).toBe(false);
    await first.close();
    expect(socketFolders(folder)).toHaveLength(1);
  });

  test('Local mode works in a state folder whose path is longer than that of a socket may be', async () => {
    const folder = openStateFolder(join(scratch(), 'a'.repeat(60), 'b'.repeat(60)));

    const cloud = await open(folder);

    const { Contents = [] } = await cloud.s3.send(
      new ListObjectsV2Command({ Bucket: 'certferry-work', Prefix: '' }),
    );
    expect(Contents).toEqual([]);
  });
});

describe('the folder of the sockets', () => {
  test('A command removes the folders of commands that were killed, and no other', () => {
    const state = scratch();
    const running = openSockets(state);
    const killed = join(state, 'sockets', '4194999-123-abcdef');
    mkdirSync(killed);
    writeFileSync(join(killed, 'token'), 'old');

    const next = openSockets(state);

    expect(existsSync(killed)).toBe(false);
    expect(existsSync(running.pathOf('token'))).toBe(true);
    next.close();
    running.close();
  });

  test('A second server cannot take the socket of the first', async () => {
    const sockets = openSockets(scratch());
    const first = await serve((_, response) => response.end(), sockets.pathOf('s'));
    closing.push(first.close);

    await expect(serve((_, response) => response.end(), sockets.pathOf('s'))).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});
