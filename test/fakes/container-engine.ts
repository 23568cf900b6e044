// The Engine API of Docker for one container, whose main process is a process of the host. It cannot show namespaces: a
// command in the container sees the files of the host, also those that no mount contains.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { constants } from 'node:os';
import { isAlive } from '../rigs/processes.ts';

/** The container of the stand-in: its name, what is mounted, and its main process. */
export interface StandInContainer {
  readonly name: string;
  /** Paths on the host. */
  readonly mounts: readonly string[];
  /** The id of the main process. Null: the container does not run. */
  readonly pid: () => number | null;
  /** Starts the main process. */
  readonly start: () => Promise<void>;
}

/** A running stand-in. `requests` lists each request as method and path. `refuseSignals`: that many are refused with HTTP 500. */
export interface StandInEngine {
  readonly requests: string[];
  refuseSignals: number;
  /** Called before a signal is delivered. */
  beforeSignal: (() => void) | null;
  stop(): Promise<void>;
}

interface Exec {
  readonly argv: readonly string[];
  code: number | null;
}

/**
 * Serves on a Unix socket:
 * https://docs.docker.com/reference/api/engine/version/v1.47/ (inspect, kill, start, exec create, start and inspect).
 */
export async function containerEngine(socket: string, container: StandInContainer): Promise<StandInEngine> {
  const execs = new Map<string, Exec>();
  let starts = 0;
  const isRunning = (): boolean => {
    const pid = container.pid();
    return pid !== null && isAlive(pid);
  };
  const engine: StandInEngine = {
    requests: [],
    refuseSignals: 0,
    beforeSignal: null,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      rmSync(socket, { force: true });
    },
  };
  const notRunning = { status: 409, content: { message: `container ${container.name} is not running` } };

  const routes: Readonly<Record<string, (body: Record<string, unknown>, query: URLSearchParams) => Answer>> =
    {
      'GET /containers/NAME/json': () => ({
        status: 200,
        content: {
          State: { Running: isRunning(), StartedAt: `start ${starts}` },
          Mounts: container.mounts.map((Source) => ({ Type: 'bind', Source, Destination: Source })),
        },
      }),
      'POST /containers/NAME/kill': (_body, query) => {
        if (engine.refuseSignals-- > 0) return { status: 500, content: { message: 'cannot kill container' } };
        if (!isRunning()) return notRunning;
        const signal = query.get('signal') ?? '';
        if (!(signal in constants.signals)) return { status: 400, content: { message: 'invalid signal' } };
        engine.beforeSignal?.();
        process.kill(container.pid() ?? 0, signal as NodeJS.Signals);
        return { status: 204 };
      },
      'POST /containers/NAME/start': async () => {
        if (isRunning()) return { status: 304 };
        starts += 1;
        await container.start();
        return { status: 204 };
      },
      'POST /containers/NAME/exec': ({ Cmd, AttachStdout, AttachStderr }) => {
        if (!isRunning()) return notRunning;
        if (!Array.isArray(Cmd) || AttachStdout !== true || AttachStderr !== true)
          return { status: 400, content: { message: 'no exec command specified' } };
        const id = `e${execs.size}`;
        execs.set(id, { argv: Cmd.map(String), code: null });
        return { status: 201, content: { Id: id } };
      },
    };

  const answerExec = async (method: string, id: string, verb: string): Promise<Answered> => {
    const exec = execs.get(id);
    if (exec === undefined) return { status: 404, content: { message: `No such exec instance: ${id}` } };
    if (method === 'GET' && verb === 'json') return { status: 200, content: { ExitCode: exec.code } };
    if (method !== 'POST' || verb !== 'start') return { status: 404, content: { message: 'page not found' } };
    const frames: Buffer[] = [];
    const [file = '', ...args] = exec.argv;
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (text: Buffer) => frames.push(frame(1, text)));
    child.stderr.on('data', (text: Buffer) => frames.push(frame(2, text)));
    child.once('error', (error) => frames.push(frame(2, Buffer.from(error.message))));
    await new Promise((done) => child.once('close', done));
    exec.code = child.exitCode === null || child.exitCode < 0 ? 127 : child.exitCode;
    return { status: 200, bytes: Buffer.concat(frames) };
  };

  const answer = async (request: IncomingMessage): Promise<Answered> => {
    const { method = '', url = '' } = request;
    engine.requests.push(`${method} ${url}`);
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const body = await bodyOf(request);
    const [, collection, name = '', verb = ''] = pathname.split('/');
    if (collection === 'exec') return answerExec(method, name, verb);
    const route = routes[`${method} /containers/NAME/${verb}`];
    if (collection !== 'containers' || route === undefined)
      return { status: 404, content: { message: 'page not found' } };
    if (name !== container.name) return { status: 404, content: { message: `No such container: ${name}` } };
    return route(body, searchParams);
  };

  const server = createServer((request, response) => {
    void answer(request).then((answered) => write(response, answered));
  });
  await new Promise<void>((listening) => server.listen(socket, listening));
  return engine;
}

type Answered = { readonly status: number; readonly content?: unknown; readonly bytes?: Buffer };
type Answer = Answered | Promise<Answered>;

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const text = (await request.toArray()).map(String).join('');
  if (text === '') return {};
  if (request.headers['content-type'] !== 'application/json') throw new Error('a body that is not JSON');
  return JSON.parse(text);
}

function write(response: ServerResponse, { status, content, bytes }: Answered): void {
  const type = bytes === undefined ? 'application/json' : 'application/vnd.docker.raw-stream';
  response.writeHead(status, { 'content-type': type });
  response.end(bytes ?? (content === undefined ? undefined : JSON.stringify(content)));
}

/** Docker's framing of an attached stream without a terminal. */
function frame(stream: 1 | 2, text: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(text.length, 4);
  return Buffer.concat([header, text]);
}
