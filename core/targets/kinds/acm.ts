import * as z from 'zod/mini';
import { described } from './described.ts';
import { whenObject } from './fields.ts';

/** The keys of a tag that certferry sets itself, and those that AWS reserves. */
const reservedTag = /^(aws:|certferry)/i;

/** 50 of one certificate, without the four of certferry. */
const maximumTags = 46;

/** Limits of AWS for tags (https://docs.aws.amazon.com/acm/latest/userguide/tags-restrictions.html). */
const Tags = z
  .record(z.string().check(z.minLength(1), z.maxLength(128)), z.string().check(z.maxLength(256)))
  .check(
    z.refine(
      (tags) => Object.keys(tags).length <= maximumTags,
      `at most ${maximumTags} tags, besides those of certferry`,
    ),
    z.refine(
      (tags) => !Object.keys(tags).some((key) => reservedTag.test(key)),
      'keys that begin with neither aws: nor certferry: certferry and AWS set those themselves',
    ),
  );

const Region = z
  .string()
  .check(z.regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region, such as eu-west-1; us-east-1 for CloudFront'));

/** The fields that the rules below read; each may be invalid. */
interface RuleInput {
  readonly certificateArn?: unknown;
  readonly name?: unknown;
  readonly region?: unknown;
  readonly tags?: unknown;
}

const firstImportFields = ['name', 'region', 'tags'] as const;

/**
 * An imported certificate of ACM. `certificateArn` names one that exists; its ARN contains its region. With `name` and
 * `region`, the first deployment imports a certificate, which later deployments find by its tags.
 */
export const AcmConfig = z
  .strictObject({
    certificateArn: described(
      z.optional(
        z
          .string()
          .check(
            z.regex(
              /^arn:[a-z0-9-]+:acm:[a-z0-9-]+:\d{12}:certificate\/[A-Za-z0-9-]+$/,
              'the ARN of a certificate that was imported into ACM',
            ),
          ),
      ),
      'The ARN of the imported certificate. Each deployment imports under this ARN, so listeners keep it.',
    ),
    name: described(
      z.optional(z.string().check(z.minLength(1), z.maxLength(256))),
      'Instead of certificateArn: the first deployment imports a certificate with this tag Name. Later deployments find it by its tags.',
    ),
    region: described(z.optional(Region), 'The region of the first import: us-east-1 for CloudFront.'),
    tags: described(
      z.optional(Tags),
      'More tags for the first import. Later deployments do not change tags.',
    ),
    allowIrreversible: described(
      z._default(z.boolean(), false),
      'true: deploy even if ACM could not take the previous version back, because its key is lost or ACM would refuse it.',
    ),
  })
  .check(
    z.refine((config: RuleInput) => config.certificateArn !== undefined || config.name !== undefined, {
      path: ['certificateArn'],
      when: whenObject,
      error: 'the ARN of an imported certificate; or name and region, for a first import',
    }),
    z.refine(
      (config: RuleInput) =>
        config.certificateArn === undefined ||
        firstImportFields.every((field) => config[field] === undefined),
      {
        path: ['certificateArn'],
        when: whenObject,
        error: 'either certificateArn, or name, region and tags of a first import',
      },
    ),
    z.refine((config: RuleInput) => config.name === undefined || config.region !== undefined, {
      path: ['region'],
      when: whenObject,
      error: 'a region for the first import, such as eu-west-1; us-east-1 for CloudFront',
    }),
  );
export type AcmConfig = z.infer<typeof AcmConfig>;
