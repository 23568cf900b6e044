import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { tag } from '../common/names.ts';
import { type Grant, shownArn } from './grant.ts';

/** The fields of a target of kind `acm` that determine its permissions. Texts may be tokens. */
interface AcmConfig {
  readonly certificateArn?: string;
  readonly region?: string;
}

/** Actions on the certificate of a target. */
const replaceActions = ['acm:DescribeCertificate', 'acm:GetCertificate', 'acm:ImportCertificate'];

/** The tag of a certificate that a deployment has imported first (`agent-scripts/stores/acm/find-certificate.ts`). */
const targetTag = 'certferry-target';

/**
 * Imports into ACM for one target: under exactly its ARN. Without an ARN, first imports with the tag of certferry in the region
 * of the target, and all that a deployment does with the certificates of first imports.
 */
export function importCertificates(scope: Construct, { certificateArn, region }: AcmConfig): Grant {
  if (certificateArn === undefined) return importFirst(scope, `${region}`);
  const statement = new PolicyStatement({ actions: replaceActions, resources: [certificateArn] });
  return { statements: [statement], environment: {}, wildcards: {} };
}

function importFirst(scope: Construct, region: string): Grant {
  const { partition, account } = Stack.of(scope);
  const { arn, shown } = shownArn(scope, `arn:${partition}:acm:${region}:${account}:certificate/*`);
  const resources = [arn];
  const created = { StringEquals: { [`aws:RequestTag/${tag.key}`]: tag.value } };
  const found = {
    StringEquals: { [`aws:ResourceTag/${tag.key}`]: tag.value },
    Null: { [`aws:ResourceTag/${targetTag}`]: 'false' },
  };
  return {
    statements: [
      // ACM authorizes the tags of an import as AddTagsToCertificate
      new PolicyStatement({
        actions: ['acm:AddTagsToCertificate', 'acm:ImportCertificate'],
        resources,
        conditions: created,
      }),
      // a rollback of a first import deletes the certificate
      new PolicyStatement({
        actions: [...replaceActions, 'acm:DeleteCertificate'],
        resources,
        conditions: found,
      }),
      new PolicyStatement({ actions: ['acm:ListTagsForCertificate'], resources }),
      new PolicyStatement({ actions: ['acm:ListCertificates'], resources: ['*'] }),
    ],
    environment: {},
    wildcards: {
      [shown]: 'A first import has no ARN yet. All but reading tags requires the tags of certferry.',
      '*': 'ACM authorizes ListCertificates only for all certificates.',
    },
  };
}
