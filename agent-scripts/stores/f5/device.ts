import { setTimeout } from 'node:timers/promises';
import * as z from 'zod/mini';
import { CertferryError } from '../../../core/errors.ts';
import { busyStatuses, deviceError } from './device-error.ts';
import { type DeviceAnswer, type DeviceRequest, sendRequest } from './device-request.ts';
import type { ManagementServer } from './trusted-connection.ts';

/** The account of a target. */
export interface Account {
  readonly username: string;
  readonly password: string;
  readonly loginProvider: string;
}

/** A session with a token. */
export interface Device {
  /** Returns a success, or an answer with one of the statuses in `accepted`. Every other answer becomes an error. */
  ask(request: DeviceRequest, accepted?: readonly number[]): Promise<DeviceAnswer>;
  /** Waits in a loop that polls the device. Ends early at the deadline. */
  pause(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

/** The token of `/mgmt/shared/authn/login`: its name is the token itself. */
const Login = z.object({ token: z.object({ token: z.string().check(z.minLength(1)) }) });

/** Before the second and the third attempt of a request that the device has refused because it is busy. */
const busyWaitsMs = [200, 1_000];

/**
 * Logs in with `POST /mgmt/shared/authn/login`. A token is valid for 1,200 s and an account has a limited number of them, so
 * `close` deletes the token. An expired token (401) is replaced once per request.
 * @throws CertferryError ServerNotTrusted, StoreUnreachable, CredentialRefused
 */
export async function openDevice(
  server: ManagementServer,
  account: Account,
  signal: AbortSignal,
): Promise<Device> {
  let token = await login();

  async function login(): Promise<string> {
    const { username, password, loginProvider } = account;
    const body = { username, password, loginProviderName: loginProvider };
    const answer = await succeed({ method: 'POST', path: '/mgmt/shared/authn/login', body }, []);
    const read = Login.safeParse(answer.body);
    if (read.success) return read.data.token.token;
    throw new CertferryError('StoreUnreachable', `BIG-IP ${server.address}: the login returned no token`);
  }

  async function succeed(request: DeviceRequest, accepted: readonly number[]): Promise<DeviceAnswer> {
    const answer = await sendPatiently(request);
    if (isSuccess(answer) && answer.body === null && request.method !== 'DELETE')
      throw new CertferryError(
        'StoreUnreachable',
        `BIG-IP ${server.address}: the answer to ${request.method} ${request.path} is not JSON`,
      );
    if (isSuccess(answer) || accepted.includes(answer.status)) return answer;
    throw deviceError(request, answer, [account.password]);
  }

  async function sendPatiently(request: DeviceRequest): Promise<DeviceAnswer> {
    for (const wait of busyWaitsMs) {
      const answer = await sendRequest(server, request, signal);
      if (!busyStatuses.includes(answer.status)) return answer;
      await setTimeout(wait, undefined, { signal }).catch(() => undefined);
    }
    return sendRequest(server, request, signal);
  }

  const withToken = (request: DeviceRequest): DeviceRequest => ({
    ...request,
    headers: { ...request.headers, 'X-F5-Auth-Token': token },
  });

  return {
    async ask(request, accepted = []) {
      const answer = await succeed(withToken(request), [...accepted, 401]);
      if (answer.status !== 401) return answer;
      token = await login();
      return succeed(withToken(request), accepted);
    },
    async pause(milliseconds) {
      await setTimeout(milliseconds, undefined, { signal }).catch(() => undefined);
    },
    async close() {
      if (signal.aborted) return; // the token expires by itself
      const path = `/mgmt/shared/authz/tokens/${encodeURIComponent(token)}`;
      await sendRequest(server, withToken({ method: 'DELETE', path }), signal).catch(() => undefined);
    },
  };
}

function isSuccess({ status }: DeviceAnswer): boolean {
  return status >= 200 && status < 300;
}
