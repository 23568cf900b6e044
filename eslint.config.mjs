// Biome formats and lints; these are the rules that need types.
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['cdk/inputs/kind-types.ts', 'dist/**'] },
  {
    files: [
      '{core,services,discovery,agent-scripts,lambdas,cdk,local,account,cli,bench,scripts,examples}/**/*.ts',
      'test/**/*.ts',
    ],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/await-thenable': 'error',
      'max-lines': ['error', { max: 300 }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[property.name=/^(runIf|skipIf)$/]',
          message: 'Use describeWith (test/rigs/require-daemon.ts): it gives the reason, and fails in CI.',
        },
      ],
    },
  },
);
