// It cannot show that a real BIG-IP behaves like this: it was written from public answers, and no BIG-IP was available.
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type Configuration,
  certificatesIn,
  copyOf,
  type Entry,
  emptyConfiguration,
} from './configuration.ts';
import { DeviceGroup } from './device-group.ts';
import { Refusal, refuseUnless } from './refusal.ts';
import { perform } from './routes.ts';
import { Transactions } from './transactions.ts';

/** One request. `n` counts from 1. */
export interface DeviceCall {
  readonly n: number;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly raw: Buffer;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * What happens to a request instead of a normal answer. `answer`, `gone` and `ignored`: it is not performed. `cut`, `lost` and
 * `late`: it is performed, and the answer ends half-way, does not come, or does not come before the client gives up.
 */
export type Fault =
  | { readonly kind: 'answer'; readonly status: number; readonly message: string }
  | { readonly kind: 'gone' | 'ignored' | 'cut' | 'lost' | 'late' };

export interface BigIpOptions {
  readonly certPem: string;
  readonly keyPem: string;
  /** 13 appends extensions to names. */
  readonly version?: number;
  readonly transactionSeconds?: number;
}

export const account = { username: 'certferry', password: 'Secret-of-the-account-1' };

/** A token is valid for 1,200 s, and an account has at most 100 (F5 documents both for `/mgmt/shared/authz/tokens`). */
const tokenSeconds = 1_200;
const maximumTokens = 100;

/** iControl REST over HTTPS on a loopback port, with a running and a saved configuration. */
export class BigIp {
  running: Configuration = emptyConfiguration();
  saved: Configuration = emptyConfiguration();
  /** Files in `/var/config/rest/downloads`. They survive a reboot. */
  readonly uploads = new Map<string, Buffer>();
  readonly tokens = new Map<string, number>();
  readonly transactions: Transactions;
  readonly group = new DeviceGroup('pair');
  readonly calls: DeviceCall[] = [];
  readonly version: number;
  fault: (call: DeviceCall) => Fault | null = () => null;
  /** Milliseconds that a test adds to the clock. */
  skippedMs = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  constructor({ certPem, keyPem, version = 16, transactionSeconds = 120 }: BigIpOptions) {
    this.version = version;
    this.transactions = new Transactions(transactionSeconds, () => this.#now());
    this.#server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
      this.#receive(request, response).catch(() => request.destroy());
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', () => undefined);
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A change outside of a transaction is in the running configuration at once. */
  change<Result>(perform: (configuration: Configuration) => Result): Result {
    const next = copyOf(this.running);
    const result = perform(next);
    this.replaceRunning(next);
    return result;
  }

  replaceRunning(next: Configuration): void {
    this.running = next;
    this.group.changes += 1;
  }

  save(): void {
    this.saved = copyOf(this.running);
  }

  /** The running configuration becomes the saved one; sessions and transactions end. */
  reboot(): void {
    this.running = copyOf(this.saved);
    this.tokens.clear();
    this.transactions.clear();
  }

  /** What a virtual server with this profile would serve, or a text if it could not. */
  serves(path: string, entry = 0, configuration = this.running): string {
    const { cert = '', key = '', chain } = this.#entry(path, entry, configuration);
    const leaf = configuration.files['ssl-cert'].get(cert);
    const isComplete =
      configuration.files['ssl-key'].has(key) &&
      (chain === undefined || configuration.files['ssl-cert'].has(chain));
    if (leaf === undefined || !isComplete) return 'half';
    return `sha256:${certificatesIn(leaf.text)[0]?.fingerprint256.replaceAll(':', '').toLowerCase()}`;
  }

  #entry(path: string, entry: number, { profiles }: Configuration): Entry {
    return profiles.get(path)?.certKeyChain[entry] ?? {};
  }

  #now(): number {
    return Date.now() + this.skippedMs;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const call = callOf(this.calls.length + 1, request, Buffer.concat(chunks));
    this.calls.push(call);
    const fault = this.fault(call);
    if (fault?.kind === 'gone') return void request.socket.destroy();
    if (fault?.kind === 'ignored') return;
    if (fault?.kind === 'answer') return send(response, fault.status, errorBody(fault.status, fault.message));
    const { status, body } = this.#answer(call);
    if (fault === null) return send(response, status, body);
    if (fault.kind === 'late') return;
    if (fault.kind === 'cut') {
      response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': 10_000 });
      response.write(JSON.stringify(body ?? {}).slice(0, 20));
      await new Promise((resolve) => setImmediate(resolve));
    }
    request.socket.destroy();
  }

  #answer(call: DeviceCall): { status: number; body: unknown } {
    try {
      return { status: 200, body: this.#authenticated(call) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, body: errorBody(error.status, error.message) };
    }
  }

  #authenticated(call: DeviceCall): unknown {
    if (call.method === 'POST' && call.path === '/mgmt/shared/authn/login') return this.#login(call);
    const token = call.headers['x-f5-auth-token'];
    const expiry = this.tokens.get(token ?? '');
    refuseUnless(
      token !== undefined,
      401,
      'Authorization failed: no user authentication header or token detected.',
    );
    refuseUnless(expiry !== undefined, 401, 'X-F5-Auth-Token does not exist.');
    refuseUnless(this.#now() < expiry, 401, 'X-F5-Auth-Token has expired.');
    if (!call.path.startsWith('/mgmt/shared/authz/tokens/')) return perform(this, call);
    const name = call.path.slice(call.path.lastIndexOf('/') + 1);
    if (call.method === 'DELETE') this.tokens.delete(name);
    return { token: name, name, timeout: tokenSeconds };
  }

  #login({ body }: DeviceCall) {
    const { username, password, loginProviderName } = body;
    refuseUnless(
      username === account.username && password === account.password && loginProviderName === 'tmos',
      401,
      'Authentication failed.',
    );
    refuseUnless(
      this.tokens.size < maximumTokens,
      400,
      `user ${username} has reached maximum active login tokens.`,
    );
    const token = randomBytes(13).toString('hex').toUpperCase();
    this.tokens.set(token, this.#now() + tokenSeconds * 1000);
    return {
      username,
      loginProviderName,
      token: {
        token,
        name: token,
        userName: username,
        timeout: tokenSeconds,
        lastUpdateMicros: this.#now() * 1000,
        expirationMicros: (this.#now() + tokenSeconds * 1000) * 1000,
      },
      generation: 0,
    };
  }
}

function callOf(n: number, { method = '', url = '/', headers }: IncomingMessage, raw: Buffer): DeviceCall {
  const { pathname, searchParams } = new URL(url, 'https://localhost');
  const path = pathname.length > 1 ? pathname.replace(/\/$/, '') : pathname;
  return { n, method, path, query: searchParams, headers: texts(headers), raw, body: json(headers, raw) };
}

function texts(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function json(headers: IncomingHttpHeaders, raw: Buffer): Record<string, unknown> {
  return headers['content-type']?.startsWith('application/json') === true && raw.length > 0
    ? JSON.parse(raw.toString())
    : {};
}

function errorBody(code: number, message: string) {
  return { code, message, errorStack: [], apiError: 3 };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=UTF-8' });
  response.end(body === undefined ? '' : JSON.stringify(body));
}
