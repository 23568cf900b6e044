import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { createHandler as answerApproval, handler } from '../../lambdas/handlers/events/decide-approval.ts';
import { createHandler as askApproval } from '../../lambdas/handlers/rollout/ask-approval.ts';
import { type FakeRolloutServices, fakeRolloutServices } from '../fakes/rollout-services.ts';
import { aBegunState, execution, rolloutId } from '../fixtures/rollout-state.ts';

let by: FakeRolloutServices;
let secrets: string[];
beforeEach(() => {
  by = fakeRolloutServices();
  secrets = ['first', 'second'];
});

const hash = (text: string) =>
  createHash('sha256').update(Buffer.from(text).toString('base64url')).digest('hex');

const wave = { number: 1, reached: 0, count: 1, total: 200 };

const enteredAt = '2026-11-22T11:59:59.000Z';

function ask(taskToken = 't1', retries = 0) {
  const secret = () => Buffer.from(secrets.shift() ?? 'none');
  return askApproval({ ...by, secret, approvalUrl: 'https://answers.example.com/' })({
    execution,
    state: aBegunState(by, { wave }),
    taskToken,
    attempt: { enteredAt, retries },
  });
}

describe('AskApproval', () => {
  test('AskApproval stores the request with the hash of its secret, and notifies operators how to decide', async () => {
    await ask();

    expect(by.rollouts.requests.get(`${rolloutId}/1`)).toEqual({
      rolloutId,
      wave: 1,
      taskToken: 't1',
      attempt: '2026-11-22T11:59:59.000Z#000000',
      secretHash: hash('first'),
      requestedAt: '2026-11-22T12:00:00.000Z',
    });
    const [{ subject, text } = { subject: '', text: '' }] = by.sentMessages;
    expect(subject).toBe('api.example.com: approve or reject the rollout after wave 1');
    expect(text).toContain('has reached 1 of 200 targets');
    expect(text).toContain('certferry approve --stack Certferry --region eu-west-1 r-1 --wave 1\n');
    expect(text).toContain('https://answers.example.com/?rollout=r-1&wave=1&secret=Zmlyc3Q');
    expect(text).not.toContain(hash('first'));
  });

  test('AskApproval names the command line alone where no address answers links', async () => {
    await askApproval({ ...by, secret: () => Buffer.from('x'), approvalUrl: undefined })({
      execution,
      state: aBegunState(by, { wave }),
      taskToken: 't1',
      attempt: { enteredAt, retries: 0 },
    });

    expect(by.sentMessages[0]?.text).toContain(
      'certferry approve --stack Certferry --region eu-west-1 r-1 --wave 1',
    );
    expect(by.sentMessages[0]?.text).not.toContain('link');
  });

  test('AskApproval replaces its question when the state is retried with another token', async () => {
    await ask('t1');
    await ask('t2', 1);

    expect(by.rollouts.requests.get(`${rolloutId}/1`)).toMatchObject({
      taskToken: 't2',
      secretHash: hash('second'),
    });
  });

  test('AskApproval asks nothing, and sends no link, when a later attempt has asked already', async () => {
    await ask('t2', 1);
    const { sentMessages } = by;

    await ask('t1', 0);

    expect(by.rollouts.requests.get(`${rolloutId}/1`)).toMatchObject({ taskToken: 't2' });
    expect(sentMessages).toHaveLength(1);
    expect(await send({ ...linkOf('first'), verdict: 'approved' })).toMatchObject({ statusCode: 200 });
    expect(by.executions.outputOf('t2')).toMatchObject({ verdict: 'approved' });
  });
});

const linkOf = (secret: string) => ({
  rollout: rolloutId,
  wave: '1',
  secret: Buffer.from(secret).toString('base64url'),
});

function open(query: Record<string, string> | undefined, method = 'GET') {
  const requestContext = { http: { method } };
  return answerApproval(by)({ requestContext, ...(query !== undefined && { queryStringParameters: query }) });
}

function send(
  form: Record<string, string>,
  { encoded = false, userArn }: { encoded?: boolean; userArn?: string } = {},
) {
  const text = new URLSearchParams(form).toString();
  const body = encoded ? Buffer.from(text).toString('base64') : text;
  const authorizer = userArn === undefined ? {} : { authorizer: { iam: { userArn } } };
  const requestContext = { http: { method: 'POST' }, ...authorizer };
  return answerApproval(by)({ requestContext, body, isBase64Encoded: encoded });
}

describe('the address of the link', () => {
  test('The approval link shows what is asked, and decides nothing by that', async () => {
    await ask();

    const page = await open(linkOf('first'));

    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('<dd>api.example.com</dd>');
    expect(page.body).toContain('method="post"');
    expect(by.executions.completions).toEqual([]);
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    );
    expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  });

  test('The approval link allows exactly the style that it has', async () => {
    await ask();
    const { body, headers } = await open(linkOf('first'));

    const style = /<style>(.*)<\/style>/.exec(body)?.[1] ?? '';
    const digest = createHash('sha256').update(style).digest('base64');
    expect(headers['content-security-policy']).toContain(`'sha256-${digest}'`);
  });

  test('The approval link shows everything as text', async () => {
    await ask();
    Object.assign(by.rollouts.controls.get(rolloutId) ?? {}, { certificate: '<script>"&\'' });

    expect((await open(linkOf('first'))).body).toContain('<dd>&lt;script&gt;&quot;&amp;&#39;</dd>');
  });

  test.each([
    ['approved', 'Rollout approved'],
    ['rejected', 'Rollout rejected'],
  ] as const)('The approval link takes the answer %s', async (verdict, title) => {
    await ask();

    const page = await send({ ...linkOf('first'), verdict });

    expect(page).toMatchObject({ statusCode: 200 });
    expect(page.body).toContain(title);
    expect(by.executions.outputOf('t1')).toEqual({ verdict, by: 'the approval link' });
    expect(by.rollouts.decisions).toMatchObject([{ verdict, request: { taskToken: 't1' } }]);
  });

  test('The approval link accepts a form in base64, and the name that IAM reports', async () => {
    await ask();
    const userArn = 'arn:aws:iam::123456789012:user/ops';

    await send({ ...linkOf('first'), verdict: 'approved' }, { encoded: true, userArn });

    expect(by.executions.outputOf('t1')).toEqual({ verdict: 'approved', by: userArn });
  });

  test('The approval link refuses another secret, without quoting the right one', async () => {
    await ask();

    for (const page of [
      await open(linkOf('other')),
      await send({ ...linkOf('other'), verdict: 'approved' }),
    ]) {
      expect(page.statusCode).toBe(403);
      expect(page.body).not.toContain('Zmlyc3Q');
      expect(page.body).not.toContain(hash('first'));
    }
    expect(by.executions.completions).toEqual([]);
  });

  test('The approval link refuses the link of a question that was asked again', async () => {
    await ask('t1');
    await ask('t2', 1);

    expect(await send({ ...linkOf('first'), verdict: 'approved' })).toMatchObject({ statusCode: 403 });
    expect(await send({ ...linkOf('second'), verdict: 'approved' })).toMatchObject({ statusCode: 200 });
  });

  test('The approval link reports a decision that comes too late or twice', async () => {
    await ask();
    await send({ ...linkOf('first'), verdict: 'rejected' });

    const page = await send({ ...linkOf('first'), verdict: 'approved' });

    expect(page.statusCode).toBe(410);
    expect(by.executions.completions).toHaveLength(1);
    expect(by.rollouts.decisions).toHaveLength(1);
  });

  test.each([
    ['a wave that nobody asks about', { ...linkOf('first'), wave: '7' }, 404],
    ['a link that is cut off', { rollout: rolloutId, wave: '1' }, 400],
    ['a wave that is no number', { ...linkOf('first'), wave: 'x' }, 400],
    ['nothing', undefined, 400],
  ])('The approval link refuses %s', async (_, query, statusCode) => {
    await ask();

    expect(await open(query)).toMatchObject({ statusCode });
  });

  test('The approval link refuses an answer that is none, and other methods', async () => {
    await ask();

    expect(await send({ ...linkOf('first'), verdict: 'maybe' })).toMatchObject({ statusCode: 400 });
    expect(await open(linkOf('first'), 'PUT')).toMatchObject({
      statusCode: 405,
      headers: { allow: 'GET, HEAD, POST' },
    });
    expect(by.executions.completions).toEqual([]);
  });

  test('The approval link shows no question of a rollout that is over', async () => {
    await ask();
    Object.assign(by.rollouts.controls.get(rolloutId) ?? {}, { status: 'ended' });

    expect(await open(linkOf('first'))).toMatchObject({ statusCode: 410 });
  });

  test('The approval link is no place for events of another kind', async () => {
    await expect(handler({ Records: [] })).rejects.toMatchObject({ name: 'InvalidRequest' });
  });
});
