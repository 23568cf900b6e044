import { homedir } from 'node:os';
import { join } from 'node:path';
import { quoted } from '../options/command-line.ts';

/** A file that `certferry hook install` writes. `text` gets the command line that the tool has to run. */
export interface HookFile {
  readonly path: string;
  readonly mode: number;
  readonly text: string;
}

/** What a tool needs: files, and what remains to be done by hand. */
export interface HookFiles {
  readonly files: readonly HookFile[];
  readonly next: readonly string[];
}

/** How a tool finds its hook. `folder`: that of the tool. `command`: the command line of the hook, quoted for a shell. */
export interface HookInput {
  readonly folder: string;
  readonly command: string;
  /** The folder of the certificate, for tools that call no hook themselves. */
  readonly live: string | undefined;
}

/** The tools with a place for hooks. */
export const hookToolNames = ['certbot', 'acme.sh', 'dehydrated', 'lego', 'systemd'] as const;
export type HookTool = (typeof hookToolNames)[number];

interface InstallableTool {
  readonly folder: string;
  /** Whether the folder of the certificate must be given. */
  readonly needsLive?: true;
  readonly files: (input: HookInput) => HookFiles;
}

export const hookTools: Readonly<Record<HookTool, InstallableTool>> = {
  certbot: {
    folder: '/etc/letsencrypt',
    files: ({ folder, command }) => ({
      files: [script(join(folder, 'renewal-hooks/deploy/certferry'), 'certbot', `exec ${command}`)],
      next: [`certbot runs it after each renewal. To test it now: ${command} ${join(folder, 'live/NAME')}`],
    }),
  },
  'acme.sh': {
    folder: join(homedir(), '.acme.sh'),
    files: ({ folder, command }) => ({
      files: [
        {
          ...script(
            join(folder, 'deploy/certferry.sh'),
            'acme.sh',
            `certferry_deploy() {\n  Le_Domain="$1" CERT_KEY_PATH="$2" CERT_FULLCHAIN_PATH="$5" ${command}\n}`,
          ),
          mode: 0o644,
        },
      ],
      next: ['For each certificate, run once: acme.sh --deploy -d DOMAIN --deploy-hook certferry'],
    }),
  },
  dehydrated: {
    folder: '/etc/dehydrated',
    files: ({ folder, command }) => {
      const path = join(folder, 'certferry-hook');
      return {
        files: [script(path, 'dehydrated', `exec ${command} "$@"`)],
        next: [
          `In ${join(folder, 'config')}, set HOOK="${path}". If you have a hook, call from it: ${path} "$@"`,
        ],
      };
    },
  },
  lego: {
    folder: '/etc/certferry',
    files: ({ folder, command }) => {
      const path = join(folder, 'lego-hook');
      return {
        files: [script(path, 'lego', `exec ${command}`)],
        next: [
          `Add to the command of lego: --deploy-hook=${path}`,
          `Version 4 of lego: --run-hook=${path} for run, --renew-hook=${path} for renew`,
        ],
      };
    },
  },
  systemd: {
    folder: '/etc/systemd/system',
    needsLive: true,
    files: ({ folder, command, live = '' }) => {
      const name = `certferry-${live
        .replace(/\/+$/, '')
        .split('/')
        .at(-1)
        ?.replaceAll(/[^\w.-]/g, '_')}`;
      const path = unit('systemd', [
        '[Unit]',
        `Description=Watch ${live} for a renewed certificate`,
        '[Path]',
        `PathChanged=${live}`,
        '[Install]',
        'WantedBy=multi-user.target',
      ]);
      const service = unit('systemd', [
        '[Unit]',
        `Description=Deploy the renewed certificate in ${live}`,
        '[Service]',
        'Type=oneshot',
        `ExecStart=/bin/sh -c ${quoted(`exec ${command} ${quoted(live)}`)}`,
      ]);
      return {
        files: [
          { path: join(folder, `${name}.path`), mode: 0o644, text: path },
          { path: join(folder, `${name}.service`), mode: 0o644, text: service },
        ],
        next: [`systemctl daemon-reload && systemctl enable --now ${name}.path`],
      };
    },
  },
};

/** The line by which certferry recognises a file that it has written. */
export const markOf = (tool: HookTool): string =>
  `# Written by "certferry hook install ${tool}". "certferry hook remove ${tool}" removes it.`;

function script(path: string, tool: HookTool, body: string): HookFile {
  return { path, mode: 0o755, text: `#!/bin/sh\n${markOf(tool)}\n${body}\n` };
}

function unit(tool: HookTool, lines: readonly string[]): string {
  return `${markOf(tool)}\n${lines.join('\n')}\n`;
}
