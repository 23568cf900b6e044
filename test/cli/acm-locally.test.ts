// STS is a stand-in that checks the signature's scope only. It cannot show permissions, expiry and other ways to sign in.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type AcmServer, startAcmServer } from '../fakes/acm-server.ts';
import { aVersion, type IssuedCertificate } from '../fixtures/certificates.ts';
import { filesUnder } from '../local/needles.ts';
import { scratch } from '../local/scratch.ts';
import { certferry } from './command.ts';

const account = '123456789012';
const user = `arn:aws:sts::${account}:assumed-role/Deployer/ada`;
const certificateArn = `arn:aws:acm:us-east-1:${account}:certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b`;
const secretAccessKey = 'the-secret-access-key-of-the-operator';

let acm: AcmServer;
let sts: Server;
let asked = 0;
beforeAll(async () => {
  acm = await startAcmServer();
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    const signed = /Credential=AKIDTEST\/\d{8}\/us-east-1\/sts\/aws4_request/.test(
      request.headers.authorization ?? '',
    );
    if (!signed || !body.includes('Action=GetCallerIdentity')) return void response.writeHead(403).end();
    asked += 1;
    const result = { Account: account, Arn: user, UserId: 'AROATEST:ada' };
    response.end(JSON.stringify({ GetCallerIdentityResponse: { GetCallerIdentityResult: result } }));
  };
  sts = createServer((request, response) => void answer(request, response));
  await new Promise<void>((listening) => sts.listen(0, '127.0.0.1', listening));
  vi.stubEnv('AWS_ENDPOINT_URL_STS', `http://127.0.0.1:${(sts.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_ENDPOINT_URL_ACM', acm.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDTEST');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await acm.close();
  await new Promise((closed) => sts.close(closed));
});

const folder = scratch();
const awsCredentials = ['--aws-credentials', 'environment'];

function writeTargets(config: object, host = 'lambda'): void {
  const target = {
    id: 'www-alb',
    certificate: 'www.example.test',
    host,
    kind: 'acm',
    config,
    verify: 'none',
  };
  writeFileSync(join(folder, 'targets.json'), JSON.stringify({ targets: [target] }));
}

function deploy(version: IssuedCertificate, ...more: string[]) {
  writeFileSync(join(folder, 'cert.pem'), version.fullchainPem);
  writeFileSync(join(folder, 'key.pem'), version.keyPem, { mode: 0o600 });
  const args = ['deploy', '--local', '--targets', 'targets.json', '--certificate', 'www.example.test'];
  return certferry([...args, '--cert', 'cert.pem', '--key', 'key.pem', ...more], folder);
}

const installed = () => acm.certificates().map(({ leaf }) => leaf);
const changes = () => acm.requests.filter((name) => /^(Import|Delete)/.test(name)).length;

describe('ACM in local mode', () => {
  test('A target of kind acm is refused without the option, and no request is sent', async () => {
    writeTargets({ certificateArn });
    const before = [acm.requests.length, asked];
    const { code, err } = await deploy(await aVersion());

    expect([code, acm.requests.length, asked]).toEqual([2, ...before]);
    expect(err).toContain('Name a profile of your AWS configuration with --aws-credentials PROFILE');
  });

  test('Credentials of another account are refused before any request to ACM, with the account and the role', async () => {
    writeTargets({ certificateArn: certificateArn.replace(account, '999999999999') });
    const before = acm.requests.length;
    const { code, err } = await deploy(await aVersion(), ...awsCredentials);

    expect([code, acm.requests.length]).toEqual([2, before]);
    expect(err).toContain(
      `is in account 999999999999, but these AWS credentials are of account ${account} (${user})`,
    );
  });

  test('Credentials that cannot be used are an error with the next step', async () => {
    writeTargets({ certificateArn });
    const before = acm.requests.length;
    const { code, err } = await deploy(await aVersion(), '--aws-credentials', 'no-such-profile');

    expect([code, acm.requests.length]).toEqual([2, before]);
    expect(err).toMatch(
      /CredentialUnavailable: the AWS credentials of the profile no-such-profile cannot be used: .*aws sso login/s,
    );
  });

  test('Named credentials renew a certificate in ACM and roll it back with a kept copy, and no file contains them', async () => {
    const [foreign, first, second] = [await aVersion(), await aVersion(), await aVersion()];
    acm.add({ arn: certificateArn, leaf: foreign.certPem, chain: foreign.chainPem, key: foreign.keyPem });
    writeTargets({ certificateArn });
    const refused = await deploy(first, ...awsCredentials);
    writeTargets({ certificateArn, allowIrreversible: true });
    const deployed = await deploy(first, ...awsCredentials);
    writeTargets({ certificateArn });
    const renewed = await deploy(second, ...awsCredentials);
    const afterRenewal = installed();
    const args = ['rollback', '--local', '--targets', 'targets.json', '--target', 'www-alb'];
    const rolledBack = await certferry([...args, ...awsCredentials], folder);

    expect(refused.out).toContain('allowIrreversible: true');
    expect([deployed.code, renewed.code, rolledBack.code]).toEqual([0, 0, 0]);
    expect(renewed.err).toContain(`AWS account ${account}, as ${user}, for www-alb`);
    expect(afterRenewal).toEqual([second.certPem]);
    expect(installed()).toEqual([first.certPem]);
    expect(changes()).toBe(3);
    expectNoSecret(join(folder, 'state'));
  }, 600_000);
});

/** No credential of the operator, and no readable key of a version. */
function expectNoSecret(state: string): void {
  const files = filesUnder(state);
  const content = files.map((file) => readFileSync(file, 'latin1')).join('');
  expect(files.length).toBeGreaterThan(5);
  expect(content).not.toContain(secretAccessKey);
  expect(content).not.toContain('PRIVATE KEY');
}
