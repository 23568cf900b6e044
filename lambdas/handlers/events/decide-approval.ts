import * as z from 'zod/mini';
import { Approval } from '../../../core/rollout/rollout.ts';
import type { Executions } from '../../../services/executions.ts';
import type { ApprovalRequest } from '../../../services/rollouts/approval-requests.ts';
import { decideApproval } from '../../../services/rollouts/decide-approval.ts';
import type { Rollouts } from '../../../services/rollouts/rollout-store.ts';
import { isSecretOf, LinkParts } from '../../rollout/approval-link.ts';
import { approvalPage, noticePage, type Page } from '../../rollout/approval-page.ts';
import { task } from '../../runtime/task.ts';
import { executions, rollouts } from '../../runtime/wiring.ts';

/** The event of a function URL (payload format 2.0): the fields used here. */
const Request = z.object({
  requestContext: z.object({
    http: z.object({ method: z.string() }),
    /** Set if the URL requires IAM: the operator. */
    authorizer: z.optional(z.object({ iam: z.optional(z.object({ userArn: z.string() })) })),
  }),
  queryStringParameters: z.optional(z.record(z.string(), z.string())),
  body: z.optional(z.string()),
  isBase64Encoded: z.optional(z.boolean()),
});
type Request = z.infer<typeof Request>;

const Response = z.object({
  statusCode: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
});

interface Services {
  readonly rollouts: Pick<Rollouts, 'control' | 'approvalRequest' | 'recordDecision'>;
  readonly executions: Pick<Executions, 'complete'>;
}

/**
 * Not a state: the URL of the approval links. GET shows the approval page, so a mail scanner that follows links decides
 * nothing. POST makes the decision. Of parallel decisions the first counts; the others get a page that states this.
 */
export const createHandler =
  (by: Services) =>
  async (request: Request): Promise<Page> => {
    switch (request.requestContext.http.method) {
      case 'GET':
      case 'HEAD':
        return show(request.queryStringParameters, by);
      case 'POST':
        return decide(request, by);
      default: {
        const page = noticePage(405, 'Method not allowed', 'Open this address with the link in the message.');
        return { ...page, headers: { ...page.headers, allow: 'GET, HEAD, POST' } };
      }
    }
  };

async function show(query: unknown, by: Services): Promise<Page> {
  const opened = await openLink(query, by);
  if ('statusCode' in opened) return opened;
  const control = await by.rollouts.control(opened.parts.rollout);
  if (control === null) return notFound;
  return control.status === 'ended' ? alreadyDecided : approvalPage(opened.parts, control);
}

const VerdictField = z.object({ verdict: Approval.shape.verdict });

async function decide(request: Request, by: Services): Promise<Page> {
  const form = formFields(request);
  const field = VerdictField.safeParse(form);
  const opened = await openLink(form, by);
  if ('statusCode' in opened) return opened;
  if (!field.success) return incompleteLink;
  const { verdict } = field.data;
  const operator = request.requestContext.authorizer?.iam?.userArn ?? 'the approval link';
  const isFirst = await decideApproval(by, opened.request, { verdict, by: operator.slice(0, 200) });
  if (!isFirst) return alreadyDecided;
  return verdict === 'approved'
    ? noticePage(200, 'Rollout approved', 'The rollout continues. You can close this page.')
    : noticePage(200, 'Rollout rejected', 'The rollout halts. You can close this page.');
}

interface OpenedLink {
  readonly parts: LinkParts;
  readonly request: ApprovalRequest;
}

/** The approval request of a link. If the link is not valid, the page that gives the reason. */
async function openLink(parameters: unknown, by: Services): Promise<OpenedLink | Page> {
  const parsed = LinkParts.safeParse(parameters);
  if (!parsed.success) return incompleteLink;
  const { rollout, wave, secret } = parsed.data;
  const request = await by.rollouts.approvalRequest(rollout, wave);
  if (request === null) return notFound;
  return isSecretOf(request.secretHash, secret) ? { parts: parsed.data, request } : invalidLink;
}

function formFields({ body = '', isBase64Encoded = false }: Request): Record<string, string> {
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString() : body;
  return Object.fromEntries(new URLSearchParams(text));
}

const incompleteLink = noticePage(400, 'The link is incomplete', 'Copy the whole link from the message.');
const invalidLink = noticePage(
  403,
  'The link is not valid',
  'A later message may have replaced it. Use the link in the latest message.',
);
const notFound = noticePage(
  404,
  'No approval request',
  'This approval request does not exist, or has expired.',
);
const alreadyDecided = noticePage(
  410,
  'No decision is needed',
  'An operator has already decided, the request has timed out, or the rollout has ended.',
);

export const handler = task('DecideApproval', {
  input: Request,
  result: Response,
  build: () => createHandler({ rollouts: rollouts(), executions: executions() }),
});
