// Import directions between the rooms (one named rule each; its comment is the reason).
const pureLibraries = '^(node_modules/)?(zod|jose|node-forge|yaml|leven|shell-quote|luxon)(/|$)';

/** The folders of the agent, from the lowest to the highest: each imports only itself and those before it. */
const agentFolders = [
  'host',
  'containers',
  'activations',
  'connectors',
  'change',
  'journal',
  'files',
  'stores',
  'validation',
  'apply',
  'jobs',
];
const agentTree = agentFolders.map((folder, index) => ({
  name: `agent-${folder}-imports-lower-folders`,
  comment: 'The folders of the agent form a tree, in the order of agentFolders above.',
  severity: 'error',
  from: { path: `^agent-scripts/${folder}/` },
  to: {
    path: '^agent-scripts/',
    pathNot: `^agent-scripts/(${agentFolders.slice(0, index + 1).join('|')})/`,
  },
}));

export default {
  forbidden: [
    {
      name: 'core-imports-nobody',
      comment: 'core is the pure domain: all other folders depend on it, never the other way round.',
      severity: 'error',
      from: { path: '^core/' },
      to: { path: '^(services|agent-scripts|lambdas|cdk|local|account|cli|test|bench|scripts)/' },
    },
    {
      name: 'core-sees-pure-libraries-only',
      comment: 'An SDK, a process or a file in core would make its decisions depend on the machine.',
      severity: 'error',
      from: { path: '^core/', pathNot: '^core/(tls-probe|paths)/' },
      to: { pathNot: `^core/|${pureLibraries}|^(node:)?crypto$` },
    },
    {
      name: 'probe-may-open-sockets',
      comment: 'tls-probe is the one place in core that talks to the network.',
      severity: 'error',
      from: { path: '^core/tls-probe/' },
      to: {
        pathNot: `^core/|${pureLibraries}|^(node:)?(crypto|tls|net|stream|dns|dns/promises)$|^node_modules/p-limit/`,
      },
    },
    {
      name: 'paths-may-read-files',
      comment:
        'paths judges whom a path belongs to, for the agent and for local mode; it reads, and writes nothing else.',
      severity: 'error',
      from: { path: '^core/paths/' },
      to: { pathNot: `^core/|${pureLibraries}|^(node:)?(fs|path|child_process)$` },
    },
    {
      name: 'time-zones-in-rollouts-only',
      comment:
        'Only maintenance windows need a library of time zones; the agent’s bundle must not grow by one.',
      severity: 'error',
      from: { path: '^core/', pathNot: '^core/(rollout|registry)/' },
      to: { path: '^node_modules/luxon(/|$)' },
    },
    {
      name: 'concepts-do-not-circle',
      comment:
        'Folders of core form a tree: errors and time budgets, then targets, then deployments, then what works on them.',
      severity: 'error',
      from: { path: '^core/(targets|deployment)/' },
      to: { path: '^core/(?!(errors|time-budgets)\\.ts$)', pathNot: '^core/targets/|^core/deployment/' },
    },
    {
      name: 'targets-come-before-deployments',
      comment: 'A deployment is about a target; a target knows nothing of deployments.',
      severity: 'error',
      from: { path: '^core/targets/' },
      to: { path: '^core/deployment/' },
    },
    {
      name: 'discovery-sees-core-only',
      comment: 'The agent may run the same discovery on a host, so it stands on core alone.',
      severity: 'error',
      from: { path: '^discovery/' },
      to: {
        pathNot: '^(discovery|core)/|^node_modules/zod/|^node:',
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'discovery-is-for-the-command-line',
      comment: 'Only a person asks what a host serves; no function needs it.',
      severity: 'error',
      from: { path: '^(core|services|lambdas|cdk|local|account)/' },
      to: { path: '^discovery/' },
    },
    {
      name: 'agent-sees-core-only',
      comment: 'The agent is one small file on the operator’s host: no SDK, no code of the cloud side.',
      severity: 'error',
      from: { path: '^agent-scripts/', pathNot: '^agent-scripts/stores/[^/]+/' },
      to: {
        pathNot: '^(agent-scripts|core)/|^node_modules/(zod|jose)/|^node:',
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'store-connectors-see-their-client-only',
      comment: 'A store connector uses the client of its service, and nothing of another connector.',
      severity: 'error',
      from: { path: '^agent-scripts/stores/([^/]+)/' },
      to: {
        pathNot:
          '^agent-scripts/stores/($1/|[^/]+\\.ts$)|^agent-scripts/host/|^core/|^node_modules/(zod|jose|ssh2|@types/ssh2|@kubernetes|@aws-sdk|@smithy|undici|p-limit)(/|$)|^node:',
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'stores-form-a-tree',
      comment: 'The files of stores/ run any connector and name none. The table of kinds does.',
      severity: 'error',
      from: { path: '^agent-scripts/stores/[^/]+$' },
      to: { path: '^agent-scripts/stores/[^/]+/' },
    },
    ...agentTree,
    {
      name: 'connectors-share-no-code-with-each-other',
      comment: 'A connector imports its interface and the shared helpers, but no other connector.',
      severity: 'error',
      from: { path: '^agent-scripts/connectors/', pathNot: '/connectors\\.ts$' },
      to: {
        path: '^agent-scripts/connectors/',
        pathNot: '^agent-scripts/connectors/(connector|desired-change|pem-files)\\.ts$',
      },
    },
    {
      name: 'connectors-only-describe',
      comment: 'Connectors are pure. The other folders change files and run commands, and can reverse that.',
      severity: 'error',
      from: { path: '^agent-scripts/connectors/' },
      to: { path: '^(node:)?(fs|fs/promises|child_process|net|tls|http|https)$' },
    },
    {
      name: 'tasks-never-meet',
      comment: 'A task that calls another hides a transition from the execution graph.',
      severity: 'error',
      from: { path: '^lambdas/' },
      to: { path: '^lambdas/handlers/' },
    },
    {
      name: 'sdk-only-in-services',
      comment: 'A handler decides nothing about the SDK; the service does.',
      severity: 'error',
      from: { path: '^(lambdas|cdk|core)/', pathNot: '^lambdas/runtime/' },
      to: { path: '@aws-sdk/' },
    },
    {
      name: 'services-see-core-only',
      comment: 'Functions, local mode and account mode share the data layer; it depends on none of them.',
      severity: 'error',
      from: { path: '^services/' },
      to: { path: '^(agent-scripts|lambdas|cdk|local|account|cli|test|bench|scripts)/' },
    },
    {
      name: 'services-form-a-tree',
      comment: 'The folders locks, registry, sources and ssm are the lowest: they import no other folder.',
      severity: 'error',
      from: { path: '^services/(locks|registry|sources|ssm)/' },
      to: { path: '^services/[^/]+/', pathNot: '^services/$1/' },
    },
    {
      name: 'services-have-layers',
      comment: 'Above the lowest folders come rollouts, then fleet and history, then notify and backend.',
      severity: 'error',
      from: { path: '^services/(rollouts|fleet|history)/' },
      to: { path: '^services/(fleet|history|notify|backend)/', pathNot: '^services/$1/' },
    },
    {
      name: 'runtime-is-for-handlers',
      comment: 'Helpers take their services as parameters; only a handler wires them.',
      severity: 'error',
      from: { path: '^(services|local|account|cli|cdk)/|^lambdas/(?!handlers|runtime)' },
      to: { path: '^lambdas/runtime/' },
    },
    {
      name: 'lambdas-see-services-and-core',
      comment:
        'No code in lambdas/ knows that local mode exists. One function runs the store connectors of the agent.',
      severity: 'error',
      from: { path: '^lambdas/' },
      to: { path: '^(agent-scripts/(?!stores/)|(cdk|local|cli|test|bench|scripts)/)' },
    },
    {
      name: 'cdk-sees-core-only',
      comment: 'cdk names built artefacts by path, so a consumer needs no bundler.',
      severity: 'error',
      from: { path: '^cdk/' },
      to: { path: '^(agent-scripts|lambdas|local|cli|test|bench|scripts)/' },
    },
    {
      name: 'cdk-constructs-see-basics',
      comment: 'Storage, agent, grants and monitoring depend on cdk/common and the types of cdk/inputs only.',
      severity: 'error',
      from: { path: '^cdk/(common|inputs|storage|agent|grants|monitoring)/' },
      to: { path: '^cdk/', pathNot: '^cdk/(common|inputs|$1)/' },
    },
    {
      name: 'cdk-functions-see-grants-and-storage',
      comment:
        'A function gets its tables and its grants in one call. Functions know no event and no state machine.',
      severity: 'error',
      from: { path: '^cdk/functions/' },
      to: { path: '^cdk/', pathNot: '^cdk/(common|inputs|storage|grants|functions)/' },
    },
    {
      name: 'cdk-callers-of-functions-form-a-tree',
      comment:
        'Events, state machines and registrations start functions; only the files of cdk/ use all of them.',
      severity: 'error',
      from: { path: '^cdk/(events|state-machines|registrations)/' },
      to: { path: '^cdk/', pathNot: '^cdk/(common|inputs|grants|functions|$1)/' },
    },
    {
      name: 'local-sees-services-and-core',
      severity: 'error',
      comment: 'Local mode runs what was built; it never reaches up into the command line.',
      from: { path: '^local/' },
      to: { path: '^(cdk|cli|test|bench|scripts)/' },
    },
    {
      name: 'local-runs-the-built-agent',
      severity: 'error',
      comment:
        'Local mode starts the agent as a process. Only its doctor reads what connectors describe, and changes nothing.',
      from: { path: '^local/', pathNot: '^local/doctor/' },
      to: { path: '^agent-scripts/' },
    },
    {
      name: 'local-doctor-sees-descriptions',
      severity: 'error',
      comment:
        'The doctor uses the judgements of the agent about paths and commands. It never uses code that changes files.',
      from: { path: '^local/doctor/' },
      to: { path: '^agent-scripts/(?!connectors/|host/)' },
    },
    {
      name: 'account-sees-services-and-core',
      comment:
        'Work on a stack goes through the services of its functions; it knows nothing of local mode or of display.',
      severity: 'error',
      from: { path: '^account/' },
      to: { path: '^(agent-scripts|cdk|local|cli|test|bench|scripts)/' },
    },
    {
      name: 'nobody-but-cli-sees-account',
      comment: 'What runs in an account must not depend on how a person works with it.',
      severity: 'error',
      from: { pathNot: '^(account|cli)/' },
      to: { path: '^account/' },
    },
    {
      name: 'cli-sees-local-account-and-core',
      comment: 'The command line displays; the work is done below it.',
      severity: 'error',
      from: { path: '^cli/' },
      to: { path: '^(agent-scripts|lambdas|cdk|test|bench|scripts)/' },
    },
    {
      name: 'cli-terminal-is-the-bottom',
      comment: 'Output, errors and exit codes are used by every folder of the command line.',
      severity: 'error',
      from: { path: '^cli/terminal/' },
      to: { path: '^cli/', pathNot: '^cli/terminal/' },
    },
    {
      name: 'cli-folders-form-a-tree',
      comment:
        'terminal, then options, report and input, then config, render, page and demo; commands and define use them.',
      severity: 'error',
      from: { path: '^cli/(options|report|input|config)/' },
      to: { path: '^cli/(render|page|demo|commands|define)/' },
    },
    {
      name: 'cli-display-knows-no-command',
      comment: 'Drawings take data. A command decides what it draws.',
      severity: 'error',
      from: { path: '^cli/(render|page|demo)/' },
      to: { path: '^cli/(commands|define|input|options)/' },
    },
    {
      name: 'cli-commands-know-no-definition',
      comment: 'define/ describes the options for commander and loads a command when it is called.',
      severity: 'error',
      from: { path: '^cli/commands/' },
      to: { path: '^cli/define/' },
    },
    {
      name: 'cli-root-is-the-top',
      comment: 'main.ts and program.ts start the command line; no folder imports them.',
      severity: 'error',
      from: { path: '^cli/[^/]+/' },
      to: { path: '^cli/[^/]+$' },
    },
    {
      name: 'account-folders-form-a-tree',
      comment: 'stack/ is the bottom; executions/ and doctor/ use it; the files of account/ use all of them.',
      severity: 'error',
      from: { path: '^account/(stack|executions|doctor)/' },
      to: { path: '^account/', pathNot: '^account/(stack|$1)/' },
    },
    {
      name: 'account-stack-is-the-bottom',
      comment: 'Clients, outputs and ARNs of a stack depend on nothing else in account/.',
      severity: 'error',
      from: { path: '^account/stack/' },
      to: { path: '^account/', pathNot: '^account/stack/' },
    },
    {
      name: 'local-forms-a-tree',
      comment:
        'In local mode base, http and dynamodb are the ground; aws, functions and ssm stand on it, then step-functions.',
      severity: 'error',
      from: { path: '^local/(base|http|dynamodb|aws|functions|ssm|step-functions)/' },
      to: { path: '^local/(cloud|backend|doctor)/' },
    },
    {
      name: 'local-ground-stands-alone',
      comment: 'What every folder of local mode uses must not depend on one of them.',
      severity: 'error',
      from: { path: '^local/(base|http|dynamodb)/' },
      to: { path: '^local/(aws|functions|ssm|step-functions)/' },
    },
    {
      name: 'no-orphans',
      comment: 'What nobody imports and nobody runs is forgotten code.',
      severity: 'error',
      from: { orphan: true, pathNot: '\\.d\\.ts$' },
      to: {},
    },
    {
      name: 'no-circular',
      comment: 'A circle has no direction.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-undeclared-package',
      comment: 'A package that package.json does not name may be gone tomorrow.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    {
      name: 'not-to-unresolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
