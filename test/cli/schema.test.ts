import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { targetKinds } from '../../core/targets/kinds/kinds.ts';
import { captured } from './capture.ts';

describe('the schema', () => {
  test('The role for Kubernetes limits every verb but create to two Secrets', async () => {
    const { code, out } = await captured('schema', 'k8ssecret', '--rbac');

    expect(code).toBe(0);
    const [account, role, binding] = parseAllDocuments(out).map((one) => one.toJS());
    expect(account).toMatchObject({ kind: 'ServiceAccount', metadata: { namespace: 'NAMESPACE' } });
    expect(role).toMatchObject({
      kind: 'Role',
      rules: [
        { verbs: ['get', 'patch', 'delete'], resources: ['secrets'], resourceNames: ['SECRET'] },
        { verbs: ['get', 'patch'], resources: ['secrets'], resourceNames: ['SECRET.certferry'] },
        { verbs: ['create'], resources: ['secrets'] },
      ],
    });
    expect(binding).toMatchObject({ roleRef: { name: role.metadata.name } });
  });

  test('The role for a group has no service account, and is bound to the group', async () => {
    const { code, out } = await captured('schema', 'k8ssecret', '--rbac', '--group', 'deployers');

    expect(code).toBe(0);
    const parts = parseAllDocuments(out).map((one) => one.toJS());
    expect(parts.map(({ kind }) => kind)).toEqual(['Role', 'RoleBinding']);
    expect(parts[1].subjects).toEqual([
      { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'deployers' },
    ]);
  });

  test('A group without --rbac is refused', async () => {
    const { code, err } = await captured('schema', 'k8ssecret', '--group', 'deployers');

    expect(code).toBe(2);
    expect(err).toContain('--group needs --rbac');
  });

  test('The role is refused for a kind without one', async () => {
    const { code, err } = await captured('schema', 'nginx', '--rbac');

    expect(code).toBe(2);
    expect(err).toContain('--rbac needs a kind with a role: k8ssecret');
  });

  test('The schema is printed of a targets file, and of a target of each kind', async () => {
    for (const kind of [undefined, ...targetKinds]) {
      const { code, out } = await captured('schema', ...(kind === undefined ? [] : [kind]));

      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ type: 'object', additionalProperties: false });
    }
  });
});
