import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { documentName } from '../../cdk/common/names.ts';
import { DeploymentRequest } from '../../core/deployment/deployment.ts';
import { synthesize } from './synthesized.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/deploying.md'), 'utf8');

describe('docs/deploying.md', () => {
  test('docs/deploying.md shows a valid request', () => {
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];

    const { success, error } = DeploymentRequest.safeParse(JSON.parse(example));

    expect({ success, error }).toEqual({ success: true, error: undefined });
  });

  test('docs/deploying.md explains every output of the stack', () => {
    const outputs = Object.keys(synthesize().findOutputs('*'));

    expect(outputs.length).toBeGreaterThan(0);
    expect(outputs.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  test('docs/deploying.md names the document and the folder on hosts as they are', () => {
    const [document] = Object.values(synthesize().findResources('AWS::SSM::Document'));

    expect(page).toContain(documentName);
    expect(JSON.stringify(document)).toContain('/var/lib/certferry');
  });
});
