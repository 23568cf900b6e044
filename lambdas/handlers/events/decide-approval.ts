import * as z from 'zod/mini';
import { Approval } from '../../../core/rollout/rollout.ts';
import type { Executions } from '../../../services/executions.ts';
import type { ApprovalRequest } from '../../../services/rollouts/approval-requests.ts';
import type { Rollouts } from '../../../services/rollouts/rollout-store.ts';
import { isSecretOf, LinkParts } from '../../rollout/approval-link.ts';
import { approvalPage, notice, type Page } from '../../rollout/approval-page.ts';
import { task } from '../../runtime/task.ts';
import { executions, rollouts } from '../../runtime/wiring.ts';

/** A function URL's event (payload format 2.0), as far as it counts here. */
const Request = z.object({
  requestContext: z.object({
    http: z.object({ method: z.string() }),
    /** There when the URL asks for IAM: then it is known who answers. */
    authorizer: z.optional(z.object({ iam: z.optional(z.object({ userArn: z.string() })) })),
  }),
  queryStringParameters: z.optional(z.record(z.string(), z.string())),
  body: z.optional(z.string()),
  isBase64Encoded: z.optional(z.boolean()),
});
type Request = z.infer<typeof Request>;

const Answered = z.object({
  statusCode: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
});

interface Services {
  readonly rollouts: Pick<Rollouts, 'control' | 'approvalRequest' | 'recordDecision'>;
  readonly executions: Pick<Executions, 'complete'>;
}

/**
 * Not a state: the address of the links in messages. GET shows what is asked (a mail scanner that follows links decides
 * nothing), POST answers it. Of parallel answers one counts; the others, and late ones, are told so.
 */
export const createHandler =
  (by: Services) =>
  async (request: Request): Promise<Page> => {
    switch (request.requestContext.http.method) {
      case 'GET':
      case 'HEAD':
        return show(request.queryStringParameters, by);
      case 'POST':
        return answer(request, by);
      default: {
        const refused = notice(405, 'Not like this', 'This address is opened by the link in a message.');
        return { ...refused, headers: { ...refused.headers, allow: 'GET, HEAD, POST' } };
      }
    }
  };

async function show(query: unknown, by: Services): Promise<Page> {
  const asked = await askedBy(query, by);
  if ('statusCode' in asked) return asked;
  const control = await by.rollouts.control(asked.parts.rollout);
  if (control === null) return unknown;
  return control.status === 'ended' ? over : approvalPage(asked.parts, control);
}

const Verdict = z.object({ verdict: Approval.shape.verdict });

async function answer(request: Request, by: Services): Promise<Page> {
  const form = formOf(request);
  const said = Verdict.safeParse(form);
  const asked = await askedBy(form, by);
  if ('statusCode' in asked) return asked;
  if (!said.success) return broken;
  const { verdict } = said.data;
  const who = request.requestContext.authorizer?.iam?.userArn ?? 'the link in the message';
  const approval = { verdict, by: who.slice(0, 200) };
  if (!(await by.executions.complete(asked.question.taskToken, approval))) return over;
  await by.rollouts.recordDecision(asked.question, approval);
  return verdict === 'approved'
    ? notice(200, 'The rollout goes on', 'Your answer was taken. You can close this page.')
    : notice(200, 'The rollout is halted', 'Your answer was taken. You can close this page.');
}

interface Asked {
  readonly parts: LinkParts;
  readonly question: ApprovalRequest;
}

/** The question that a link names, if the link is the one that was sent for it; else the page that says what is wrong. */
async function askedBy(given: unknown, by: Services): Promise<Asked | Page> {
  const parsed = LinkParts.safeParse(given);
  if (!parsed.success) return broken;
  const { rollout, wave, secret } = parsed.data;
  const question = await by.rollouts.approvalRequest(rollout, wave);
  if (question === null) return unknown;
  return isSecretOf(question.secretHash, secret) ? { parts: parsed.data, question } : forbidden;
}

function formOf({ body = '', isBase64Encoded = false }: Request): Record<string, string> {
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString() : body;
  return Object.fromEntries(new URLSearchParams(text));
}

const broken = notice(400, 'This link is not whole', 'Copy all of it from the message.');
const forbidden = notice(
  403,
  'This link does not count',
  'It is not the one that was sent, or a later message has taken its place: use the link of the latest one.',
);
const unknown = notice(404, 'Nothing is asked here', 'There is no such question (any more).');
const over = notice(410, 'This was decided', 'Somebody has answered already, or nobody did in time.');

export const handler = task('DecideApproval', {
  input: Request,
  result: Answered,
  build: () => createHandler({ rollouts: rollouts(), executions: executions() }),
});
