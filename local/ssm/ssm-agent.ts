/** One property of the SSM Agent. `source` is a path in github.com/aws/amazon-ssm-agent (3.3), or another document. */
interface AgentProperty {
  readonly behaviour: string;
  readonly source: string;
  /** What local mode uses. */
  readonly value: unknown;
}

/**
 * How the SSM Agent on Linux runs the script of a document with `aws:runShellScript`, and what of its result SSM returns.
 * Local mode takes every value from here. `docs/local-mode.md` shows the table, and each row has a test.
 */
export const ssmAgent = {
  script: {
    behaviour:
      'The agent writes `_script.sh` with mode 0700 and runs `sh -c PATH`. A file system with `noexec` makes that fail with exit code 126.',
    source: 'agent/plugins/runscript/runscript.go, runshellscript.go; agent/plugins/pluginutil/pluginutil.go',
    value: { name: '_script.sh', mode: 0o700 },
  },
  workingDirectory: {
    behaviour: 'The script starts in `/usr/bin`.',
    source: 'packaging/linux/amazon-ssm-agent.service',
    value: '/usr/bin',
  },
  umask: {
    behaviour: 'The script starts with the umask 0022 of a system service.',
    source: 'systemd.exec(5), `UMask=`',
    value: '0022',
  },
  environment: {
    behaviour:
      'The script has the environment of a system service, without `HOME`. The agent adds its variables for the host, the id of the command, and the parameter.',
    source: 'agent/executers/executers.go; RELEASENOTES.md, 3.0.284.0; systemd.exec(5), `$HOME`',
    value: [
      'PATH',
      'AWS_SSM_INSTANCE_ID',
      'AWS_SSM_REGION_NAME',
      'AWS_SSM_PLATFORM_NAME',
      'AWS_SSM_PLATFORM_VERSION',
      'SSM_COMMAND_ID',
      'SSM_Job',
    ],
  },
  standardInput: {
    behaviour: 'Standard input is the null device.',
    source: 'agent/executers/executers.go; os/exec of Go, `Cmd.Stdin`',
    value: 'ignore',
  },
  heldStreams: {
    behaviour:
      'The command ends when every process that inherited its standard output or standard error has closed it.',
    source: 'agent/executers/executers.go; os/exec of Go, `Cmd.Wait`',
    value: true,
  },
  outputAtTheEnd: {
    behaviour: 'SSM returns no output before the command has ended.',
    source: 'agent/framework/runpluginutil/runpluginutil.go',
    value: '',
  },
  outputCut: {
    behaviour:
      'If a stream has 24,000 bytes or more, the agent keeps the first 23,980 bytes and appends `--output truncated--`. This applies to output and errors.',
    source:
      'agent/framework/runpluginutil/runpluginutil.go; agent/framework/processor/executer/iohandler/iohandler.go',
    value: { bytes: 24_000, mark: '--output truncated--' },
  },
  returnedOutput: {
    behaviour:
      'GetCommandInvocation returns the first 24,000 characters of the output and the first 8,000 of the errors.',
    source: 'API reference of SSM, GetCommandInvocation',
    value: { output: 24_000, errors: 8_000 },
  },
  failureText: {
    behaviour: 'If the command is `Failed`, the errors end with `failed to run commands: exit status N`.',
    source: 'agent/plugins/runscript/runscript.go',
    value: 'failed to run commands: exit status ',
  },
  exitCodes: {
    behaviour:
      'Exit code 0 is `Success`. Exit code 137, which `sh` reports of a killed script, is `TimedOut`. Every other code is `Failed`.',
    source: 'agent/plugins/pluginutil/pluginutil_unix.go',
    value: { 0: 'Success', 137: 'TimedOut' },
  },
  timeout: {
    behaviour:
      'After `timeoutSeconds`, the agent kills the process group of the script with SIGKILL. The command is `TimedOut` with exit code 137. Values below 5 or above 172,800 count as 3,600.',
    source: 'agent/executers/executers.go, executers_unix.go; agent/plugins/pluginutil/pluginutil.go',
    value: { minimum: 5, maximum: 172_800, default: 3_600, exitCode: 137 },
  },
  cancellation: {
    behaviour:
      'When the command is cancelled, the agent kills the process group. The command is `Cancelled` with exit code 137.',
    source: 'agent/executers/executers.go; agent/plugins/pluginutil/pluginutil_unix.go',
    value: { exitCode: 137 },
  },
  deadWorker: {
    behaviour:
      'If the worker process that runs the script dies, the command is `Failed` after 60 seconds, without output. The script continues.',
    source: 'agent/framework/processor/executer/outofproc/master.go',
    value: { seconds: 60, exitCode: 0 },
  },
} as const satisfies Readonly<Record<string, AgentProperty>>;

/** The seconds after which the agent ends a script, from the text in the document. */
export function timeoutSecondsOf(text: string): number {
  const { minimum, maximum, default: fallback } = ssmAgent.timeout.value;
  const seconds = Math.trunc(Number(text));
  return seconds >= minimum && seconds <= maximum ? seconds : fallback;
}
