// Written by `node scripts/write-api.ts` from the schemas in core/. Do not edit.

import type { Credential, TargetProps } from './common-types.ts';

/** nginx, with certificate and key in files. */
export interface NginxConfig {
  /** The file for the certificate. A symbolic link is followed. */
  readonly certPath: string;
  /** The file for the private key. A symbolic link is followed. */
  readonly keyPath: string;
  /** The file for the intermediates alone, for ssl_trusted_certificate. */
  readonly chainPath?: string;
  /** The main configuration of the daemon. Default: the path that the daemon was built with. */
  readonly configPath?: string;
  /** Reloads a daemon in a container: { container: web }. Replaces reloadCommand. validateCommand then runs in the container. */
  readonly reload?: {
    /** The name of the container that runs the daemon. */
    readonly container: string;
    /** The signal that makes the main process read its files again. Default: HUP. */
    readonly signal?: 'HUP' | 'USR1' | 'USR2';
    /** The API socket of Docker or Podman. Default: /var/run/docker.sock, or /run/podman/podman.sock if that does not exist. */
    readonly socket?: string;
  };
  /** Octal, in quotes. Default: the mode of the existing file, else the default of the kind. */
  readonly certMode?: string;
  /** Octal, in quotes, without access for others. Default: the mode of the existing file, else 0600. */
  readonly keyMode?: string;
  /** A user name, or a number in quotes. Default: the owner of the existing file. */
  readonly owner?: string;
  /** A group name, or a number in quotes. Default: the group of the existing file. */
  readonly group?: string;
  /** The user with whose privileges the agent reads and writes the files. Required if a user other than root can write to a folder of the files. */
  readonly fileUser?: string;
  /** Checks the staged files before they are installed: a command line without shell syntax, or a list of words. */
  readonly validateCommand?: string | readonly string[];
  /** Makes the daemon read its files again: a command line without shell syntax, or a list of words. */
  readonly reloadCommand?: string | readonly string[];
  /** true runs command lines with /bin/sh -c instead of splitting them into words. Default: false. */
  readonly shell?: boolean;
  /** true starts a sandboxed instance of the daemon with the staged files and probes it before any file changes. Default: false. */
  readonly rehearse?: boolean;
  /** Seconds that a command may run. After that, the agent kills its process group. Default: 60. */
  readonly commandTimeoutSeconds?: number;
  /** Number of older versions kept on the host, in addition to the snapshot of the running deployment. Default: 3. */
  readonly backupRetention?: number;
}

/** Any daemon that reads PEM files: with a preset, or with your own paths and commands. */
export interface FilesConfig {
  /** A daemon whose paths, group, reload and STARTTLS protocol are known. The other fields override the preset. */
  readonly preset?: 'postgresql' | 'mysql' | 'mariadb' | 'redis' | 'mosquitto' | 'rabbitmq' | 'tomcat';
  /** The instance of the daemon that is reloaded, if it is not the default one. */
  readonly instance?: {
    /** The socket of the instance. For postgresql: the folder that holds the socket, as in psql -h. */
    readonly socket?: string;
    /** The port of the instance. */
    readonly port?: number;
    /** The file with the process id of the instance. */
    readonly pidFile?: string;
    /** The node of the instance, such as rabbit@mq-1. */
    readonly node?: string;
  };
  /** The file for the certificate. A symbolic link is followed. */
  readonly certPath?: string;
  /** The file for the private key. A symbolic link is followed. */
  readonly keyPath?: string;
  /** The file for the intermediates alone. */
  readonly chainPath?: string;
  /** fullchain: certPath holds leaf and intermediates. leaf: certPath holds the leaf alone. Default: fullchain. */
  readonly certContents?: 'fullchain' | 'leaf';
  /** none: the daemon watches its files, so no command is needed. { container: db } reloads a daemon in a container. */
  readonly reload?:
    | 'none'
    | {
        /** The name of the container that runs the daemon. */
        readonly container: string;
        /** The signal that makes the main process read its files again. Default: HUP. */
        readonly signal?: 'HUP' | 'USR1' | 'USR2';
        /** The API socket of Docker or Podman. Default: /var/run/docker.sock, or /run/podman/podman.sock if that does not exist. */
        readonly socket?: string;
      };
  /** Octal, in quotes. Default: the mode of the existing file, else the default of the kind. */
  readonly certMode?: string;
  /** Octal, in quotes, without access for others. Default: the mode of the existing file, else 0600. */
  readonly keyMode?: string;
  /** A user name, or a number in quotes. Default: the owner of the existing file. */
  readonly owner?: string;
  /** A group name, or a number in quotes. Default: the group of the existing file. */
  readonly group?: string;
  /** The user with whose privileges the agent reads and writes the files. Required if a user other than root can write to a folder of the files. */
  readonly fileUser?: string;
  /** Checks the staged files before they are installed: a command line without shell syntax, or a list of words. */
  readonly validateCommand?: string | readonly string[];
  /** Makes the daemon read its files again: a command line without shell syntax, or a list of words. */
  readonly reloadCommand?: string | readonly string[];
  /** true runs command lines with /bin/sh -c instead of splitting them into words. Default: false. */
  readonly shell?: boolean;
  /** true starts a sandboxed instance of the daemon with the staged files and probes it before any file changes. Default: false. */
  readonly rehearse?: boolean;
  /** Seconds that a command may run. After that, the agent kills its process group. Default: 60. */
  readonly commandTimeoutSeconds?: number;
  /** Number of older versions kept on the host, in addition to the snapshot of the running deployment. Default: 3. */
  readonly backupRetention?: number;
}

/** Caddy, with files or through its admin API. */
export interface CaddyConfig {
  /** file: Caddy loads its configuration file again. api: the agent changes one entry through the admin API. Default: file. */
  readonly mode?: 'file' | 'api';
  /** The file for the certificate. A symbolic link is followed. */
  readonly certPath: string;
  /** The file for the private key. A symbolic link is followed. */
  readonly keyPath: string;
  /** The configuration file, with mode: file. Default: /etc/caddy/Caddyfile. */
  readonly configPath?: string;
  /** The adapter that converts the configuration file to JSON. Not needed for a file named Caddyfile. */
  readonly adapter?: string;
  /** The admin API on this machine: localhost:2019, or unix//run/caddy/admin.sock. Default with mode: file: as in the configuration file; with mode: api: localhost:2019. */
  readonly adminAddress?: string;
  /** load_files (default): Caddy reads certPath and keyPath itself. load_pem: the agent sends their text. */
  readonly loader?: 'load_files' | 'load_pem';
  /** The tag of the entry, with loader: load_pem. Default: the entry whose leaf covers the certificate. */
  readonly tag?: string;
  /** Octal, in quotes. Default: the mode of the existing file, else the default of the kind. */
  readonly certMode?: string;
  /** Octal, in quotes, without access for others. Default: the mode of the existing file, else 0600. */
  readonly keyMode?: string;
  /** A user name, or a number in quotes. Default: the owner of the existing file. */
  readonly owner?: string;
  /** A group name, or a number in quotes. Default: the group of the existing file. */
  readonly group?: string;
  /** The user with whose privileges the agent reads and writes the files. Required if a user other than root can write to a folder of the files. */
  readonly fileUser?: string;
  /** Checks the staged files before they are installed: a command line without shell syntax, or a list of words. */
  readonly validateCommand?: string | readonly string[];
  /** Makes the daemon read its files again: a command line without shell syntax, or a list of words. */
  readonly reloadCommand?: string | readonly string[];
  /** true runs command lines with /bin/sh -c instead of splitting them into words. Default: false. */
  readonly shell?: boolean;
  /** true starts a sandboxed instance of the daemon with the staged files and probes it before any file changes. Default: false. */
  readonly rehearse?: boolean;
  /** Seconds that a command may run. After that, the agent kills its process group. Default: 60. */
  readonly commandTimeoutSeconds?: number;
  /** Number of older versions kept on the host, in addition to the snapshot of the running deployment. Default: 3. */
  readonly backupRetention?: number;
}

/** Apache httpd with mod_ssl. */
export interface ApacheConfig {
  /** The file for the certificate. A symbolic link is followed. */
  readonly certPath: string;
  /** The file for the private key. A symbolic link is followed. */
  readonly keyPath: string;
  /** The file for the intermediates, for SSLCertificateChainFile. certPath then holds the leaf alone. */
  readonly chainPath?: string;
  /** The main configuration of the daemon. Default: the path that the daemon was built with. */
  readonly configPath?: string;
  /** The PidFile of httpd. The agent checks with it that the main process survives the reload. */
  readonly pidFile?: string;
  /** Reloads a daemon in a container: { container: web }. Replaces reloadCommand. validateCommand then runs in the container. */
  readonly reload?: {
    /** The name of the container that runs the daemon. */
    readonly container: string;
    /** The signal that makes the main process read its files again. Default: USR1. */
    readonly signal?: 'HUP' | 'USR1' | 'USR2';
    /** The API socket of Docker or Podman. Default: /var/run/docker.sock, or /run/podman/podman.sock if that does not exist. */
    readonly socket?: string;
  };
  /** Octal, in quotes. Default: the mode of the existing file, else the default of the kind. */
  readonly certMode?: string;
  /** Octal, in quotes, without access for others. Default: the mode of the existing file, else 0600. */
  readonly keyMode?: string;
  /** A user name, or a number in quotes. Default: the owner of the existing file. */
  readonly owner?: string;
  /** A group name, or a number in quotes. Default: the group of the existing file. */
  readonly group?: string;
  /** The user with whose privileges the agent reads and writes the files. Required if a user other than root can write to a folder of the files. */
  readonly fileUser?: string;
  /** Checks the staged files before they are installed: a command line without shell syntax, or a list of words. */
  readonly validateCommand?: string | readonly string[];
  /** Makes the daemon read its files again: a command line without shell syntax, or a list of words. */
  readonly reloadCommand?: string | readonly string[];
  /** true runs command lines with /bin/sh -c instead of splitting them into words. Default: false. */
  readonly shell?: boolean;
  /** true starts a sandboxed instance of the daemon with the staged files and probes it before any file changes. Default: false. */
  readonly rehearse?: boolean;
  /** Seconds that a command may run. After that, the agent kills its process group. Default: 60. */
  readonly commandTimeoutSeconds?: number;
  /** Number of older versions kept on the host, in addition to the snapshot of the running deployment. Default: 3. */
  readonly backupRetention?: number;
}

/** haproxy, with a reload or through its stats socket. */
export interface HaproxyConfig {
  /** The file for leaf and intermediates, and for the key unless keyPath is set. */
  readonly pemPath: string;
  /** A separate file for the private key. Default: the key is in pemPath too. */
  readonly keyPath?: string;
  /** The files or folders that haproxy is started with (-f), for its own check. Default: /etc/haproxy/haproxy.cfg. */
  readonly configPath?: string | readonly string[];
  /** reload: haproxy reads its files again. runtime: the agent also updates the running process over statsSocket. Default: reload. */
  readonly mode?: 'reload' | 'runtime';
  /** The stats socket of haproxy, with level admin. Required with mode: runtime. */
  readonly statsSocket?: string;
  /** The name of the certificate in the running haproxy. Default: pemPath. */
  readonly crtName?: string;
  /** Reloads a daemon in a container: { container: web }. Replaces reloadCommand. validateCommand then runs in the container. */
  readonly reload?: {
    /** The name of the container that runs the daemon. */
    readonly container: string;
    /** The signal that makes the main process read its files again. Default: USR2. */
    readonly signal?: 'HUP' | 'USR1' | 'USR2';
    /** The API socket of Docker or Podman. Default: /var/run/docker.sock, or /run/podman/podman.sock if that does not exist. */
    readonly socket?: string;
  };
  /** Octal, in quotes. Default: the mode of the existing file, else the default of the kind. */
  readonly certMode?: string;
  /** Octal, in quotes, without access for others. Default: the mode of the existing file, else 0600. */
  readonly keyMode?: string;
  /** A user name, or a number in quotes. Default: the owner of the existing file. */
  readonly owner?: string;
  /** A group name, or a number in quotes. Default: the group of the existing file. */
  readonly group?: string;
  /** The user with whose privileges the agent reads and writes the files. Required if a user other than root can write to a folder of the files. */
  readonly fileUser?: string;
  /** Checks the staged files before they are installed: a command line without shell syntax, or a list of words. */
  readonly validateCommand?: string | readonly string[];
  /** Makes the daemon read its files again: a command line without shell syntax, or a list of words. */
  readonly reloadCommand?: string | readonly string[];
  /** true runs command lines with /bin/sh -c instead of splitting them into words. Default: false. */
  readonly shell?: boolean;
  /** true starts a sandboxed instance of the daemon with the staged files and probes it before any file changes. Default: false. */
  readonly rehearse?: boolean;
  /** Seconds that a command may run. After that, the agent kills its process group. Default: 60. */
  readonly commandTimeoutSeconds?: number;
  /** Number of older versions kept on the host, in addition to the snapshot of the running deployment. Default: 3. */
  readonly backupRetention?: number;
}

/** The SMTP server of Postfix. */
export interface PostfixConfig {
  /** The file for the certificate. A symbolic link is followed. */
  readonly certPath?: string;
  /** The file for the private key. A symbolic link is followed. */
  readonly keyPath?: string;
  /** The file for the intermediates alone, for smtpd_tls_CAfile. */
  readonly chainPath?: string;
  /** One file with key, leaf and intermediates, for smtpd_tls_chain_files. Replaces certPath and keyPath. */
  readonly chainFilesPath?: string;
  /** The folder with main.cf and master.cf (postfix -c). Default: the one that Postfix was built with. */
  readonly configDirectory?: string;
  /** Reloads a daemon in a container: { container: web }. Replaces reloadCommand. validateCommand then runs in the container. */
  readonly reload?: {
    /** The name of the container that runs the daemon. */
    readonly container: string;
    /** The signal that makes the main process read its files again. Default: HUP. */
    readonly signal?: 'HUP' | 'USR1' | 'USR2';
    /** The API socket of Docker or Podman. Default: /var/run/docker.sock, or /run/podman/podman.sock if that does not exist. */
    readonly socket?: string;
  };
  /** Octal, in quotes. Default: the mode of the existing file, else the default of the kind. */
  readonly certMode?: string;
  /** Octal, in quotes, without access for others. Default: the mode of the existing file, else 0600. */
  readonly keyMode?: string;
  /** A user name, or a number in quotes. Default: the owner of the existing file. */
  readonly owner?: string;
  /** A group name, or a number in quotes. Default: the group of the existing file. */
  readonly group?: string;
  /** The user with whose privileges the agent reads and writes the files. Required if a user other than root can write to a folder of the files. */
  readonly fileUser?: string;
  /** Checks the staged files before they are installed: a command line without shell syntax, or a list of words. */
  readonly validateCommand?: string | readonly string[];
  /** Makes the daemon read its files again: a command line without shell syntax, or a list of words. */
  readonly reloadCommand?: string | readonly string[];
  /** true runs command lines with /bin/sh -c instead of splitting them into words. Default: false. */
  readonly shell?: boolean;
  /** true starts a sandboxed instance of the daemon with the staged files and probes it before any file changes. Default: false. */
  readonly rehearse?: boolean;
  /** Seconds that a command may run. After that, the agent kills its process group. Default: 60. */
  readonly commandTimeoutSeconds?: number;
  /** Number of older versions kept on the host, in addition to the snapshot of the running deployment. Default: 3. */
  readonly backupRetention?: number;
}

/** Dovecot: IMAP, POP3, submission and ManageSieve. */
export interface DovecotConfig {
  /** The file for the certificate. A symbolic link is followed. */
  readonly certPath: string;
  /** The file for the private key. A symbolic link is followed. */
  readonly keyPath: string;
  /** The main configuration of the daemon. Default: the path that the daemon was built with. */
  readonly configPath?: string;
  /** Reloads a daemon in a container: { container: web }. Replaces reloadCommand. validateCommand then runs in the container. */
  readonly reload?: {
    /** The name of the container that runs the daemon. */
    readonly container: string;
    /** The signal that makes the main process read its files again. Default: HUP. */
    readonly signal?: 'HUP' | 'USR1' | 'USR2';
    /** The API socket of Docker or Podman. Default: /var/run/docker.sock, or /run/podman/podman.sock if that does not exist. */
    readonly socket?: string;
  };
  /** Octal, in quotes. Default: the mode of the existing file, else the default of the kind. */
  readonly certMode?: string;
  /** Octal, in quotes, without access for others. Default: the mode of the existing file, else 0600. */
  readonly keyMode?: string;
  /** A user name, or a number in quotes. Default: the owner of the existing file. */
  readonly owner?: string;
  /** A group name, or a number in quotes. Default: the group of the existing file. */
  readonly group?: string;
  /** The user with whose privileges the agent reads and writes the files. Required if a user other than root can write to a folder of the files. */
  readonly fileUser?: string;
  /** Checks the staged files before they are installed: a command line without shell syntax, or a list of words. */
  readonly validateCommand?: string | readonly string[];
  /** Makes the daemon read its files again: a command line without shell syntax, or a list of words. */
  readonly reloadCommand?: string | readonly string[];
  /** true runs command lines with /bin/sh -c instead of splitting them into words. Default: false. */
  readonly shell?: boolean;
  /** true starts a sandboxed instance of the daemon with the staged files and probes it before any file changes. Default: false. */
  readonly rehearse?: boolean;
  /** Seconds that a command may run. After that, the agent kills its process group. Default: 60. */
  readonly commandTimeoutSeconds?: number;
  /** Number of older versions kept on the host, in addition to the snapshot of the running deployment. Default: 3. */
  readonly backupRetention?: number;
}

/** Traefik with its file provider. */
export interface TraefikConfig {
  /** The file for the certificate. A symbolic link is followed. */
  readonly certPath: string;
  /** The file for the private key. A symbolic link is followed. */
  readonly keyPath: string;
  /** The dynamic configuration that names the certificate. Moved into place last, so that Traefik reads both again. */
  readonly dynamicPath?: string;
  /** Octal, in quotes. Default: the mode of the existing file, else the default of the kind. */
  readonly certMode?: string;
  /** Octal, in quotes, without access for others. Default: the mode of the existing file, else 0600. */
  readonly keyMode?: string;
  /** A user name, or a number in quotes. Default: the owner of the existing file. */
  readonly owner?: string;
  /** A group name, or a number in quotes. Default: the group of the existing file. */
  readonly group?: string;
  /** The user with whose privileges the agent reads and writes the files. Required if a user other than root can write to a folder of the files. */
  readonly fileUser?: string;
  /** Checks the staged files before they are installed: a command line without shell syntax, or a list of words. */
  readonly validateCommand?: string | readonly string[];
  /** Makes the daemon read its files again: a command line without shell syntax, or a list of words. */
  readonly reloadCommand?: string | readonly string[];
  /** true runs command lines with /bin/sh -c instead of splitting them into words. Default: false. */
  readonly shell?: boolean;
  /** true starts a sandboxed instance of the daemon with the staged files and probes it before any file changes. Default: false. */
  readonly rehearse?: boolean;
  /** Seconds that a command may run. After that, the agent kills its process group. Default: 60. */
  readonly commandTimeoutSeconds?: number;
  /** Number of older versions kept on the host, in addition to the snapshot of the running deployment. Default: 3. */
  readonly backupRetention?: number;
}

/** Envoy, which watches its files. */
export interface EnvoyConfig {
  /** The file for the certificate. A symbolic link is followed. */
  readonly certPath: string;
  /** The file for the private key. A symbolic link is followed. */
  readonly keyPath: string;
  /** The file with the SDS resource, moved into place last. If it does not exist, it is written with secretName. */
  readonly sdsPath?: string;
  /** The name of the SDS secret, for an sdsPath that does not exist yet. */
  readonly secretName?: string;
  /** The bootstrap file of Envoy, for envoy --mode validate and for rehearsals. */
  readonly configPath?: string;
  /** The admin interface of Envoy, such as http://127.0.0.1:9901. The agent waits until it lists the leaf. */
  readonly adminEndpoint?: string;
  /** Octal, in quotes. Default: the mode of the existing file, else the default of the kind. */
  readonly certMode?: string;
  /** Octal, in quotes, without access for others. Default: the mode of the existing file, else 0600. */
  readonly keyMode?: string;
  /** A user name, or a number in quotes. Default: the owner of the existing file. */
  readonly owner?: string;
  /** A group name, or a number in quotes. Default: the group of the existing file. */
  readonly group?: string;
  /** The user with whose privileges the agent reads and writes the files. Required if a user other than root can write to a folder of the files. */
  readonly fileUser?: string;
  /** Checks the staged files before they are installed: a command line without shell syntax, or a list of words. */
  readonly validateCommand?: string | readonly string[];
  /** Makes the daemon read its files again: a command line without shell syntax, or a list of words. */
  readonly reloadCommand?: string | readonly string[];
  /** true runs command lines with /bin/sh -c instead of splitting them into words. Default: false. */
  readonly shell?: boolean;
  /** true starts a sandboxed instance of the daemon with the staged files and probes it before any file changes. Default: false. */
  readonly rehearse?: boolean;
  /** Seconds that a command may run. After that, the agent kills its process group. Default: 60. */
  readonly commandTimeoutSeconds?: number;
  /** Number of older versions kept on the host, in addition to the snapshot of the running deployment. Default: 3. */
  readonly backupRetention?: number;
}

/** A keystore of Java (PKCS12 or JKS), of which one entry is replaced. */
export interface JavaKeystoreConfig {
  /** The application that reads the store. Its group can read a new store. */
  readonly preset?: 'tomcat' | 'kafka' | 'elasticsearch' | 'jenkins' | 'activemq';
  /** The keystore. A symbolic link is followed. */
  readonly keystorePath: string;
  /** Default: the type of the existing store, PKCS12 for a new one. */
  readonly storeType?: 'PKCS12' | 'JKS';
  /** The entry with key and chain. Every other entry of the store is kept. */
  readonly alias: string;
  /** The password of the store. */
  readonly storePassword: Credential;
  /** The password of the key, for JKS only. Default: storePassword. */
  readonly keyPassword?: Credential;
  /** Of PKCS12. auto: as in the existing store, modern for a new one. modern: AES-256. legacy: 3DES and SHA-1. Default: auto. */
  readonly encryption?: 'auto' | 'modern' | 'legacy';
  /** Reloads TLS through the manager of Tomcat. */
  readonly tomcat?: {
    /** The manager application. http only to this host, https otherwise. Default: http://127.0.0.1:8080/manager. */
    readonly url?: string;
    /** The hostName of the SSLHostConfig. Default: all of them. */
    readonly tlsHostName?: string;
    /** A user with the role manager-script. */
    readonly user: string;
    /** A file on the host with the password of the user. Only its owner may read it. A rollback needs it too. */
    readonly passwordFile: string;
    /** A file on the host with the CA of an https url. Default: the CAs of the runtime. */
    readonly caFile?: string;
  };
  /** none: the application watches the file. */
  readonly reload?: 'none';
  /** Octal, in quotes. Default: the mode of the existing file, else the default of the kind. */
  readonly certMode?: string;
  /** Octal, in quotes, without access for others. Default: the mode of the existing file, else 0600. */
  readonly keyMode?: string;
  /** A user name, or a number in quotes. Default: the owner of the existing file. */
  readonly owner?: string;
  /** A group name, or a number in quotes. Default: the group of the existing file. */
  readonly group?: string;
  /** The user with whose privileges the agent reads and writes the files. Required if a user other than root can write to a folder of the files. */
  readonly fileUser?: string;
  /** Checks the staged files before they are installed: a command line without shell syntax, or a list of words. */
  readonly validateCommand?: string | readonly string[];
  /** Makes the daemon read its files again: a command line without shell syntax, or a list of words. */
  readonly reloadCommand?: string | readonly string[];
  /** true runs command lines with /bin/sh -c instead of splitting them into words. Default: false. */
  readonly shell?: boolean;
  /** true starts a sandboxed instance of the daemon with the staged files and probes it before any file changes. Default: false. */
  readonly rehearse?: boolean;
  /** Seconds that a command may run. After that, the agent kills its process group. Default: 60. */
  readonly commandTimeoutSeconds?: number;
  /** Number of older versions kept on the host, in addition to the snapshot of the running deployment. Default: 3. */
  readonly backupRetention?: number;
}

/** AWS Certificate Manager, for load balancers, CloudFront and API Gateway. */
export interface AcmConfig {
  /** The ARN of the imported certificate. Each deployment imports under this ARN, so listeners keep it. */
  readonly certificateArn?: string;
  /** Instead of certificateArn: the first deployment imports a certificate with this tag Name. Later deployments find it by its tags. */
  readonly name?: string;
  /** The region of the first import: us-east-1 for CloudFront. */
  readonly region?: string;
  /** More tags for the first import. Later deployments do not change tags. */
  readonly tags?: Readonly<Record<string, string>>;
  /** true: deploy even if ACM could not take the previous version back, because its key is lost or ACM would refuse it. Default: false. */
  readonly allowIrreversible?: boolean;
}

/** A TLS Secret in a Kubernetes cluster, for ingress controllers and pods. */
export interface K8sSecretConfig {
  /** The namespace of the Secret. */
  readonly namespace: string;
  /** The name of the Secret, of type kubernetes.io/tls. */
  readonly secret: string;
  /** eks: a token of the AWS role of the agent. kubeconfig, token: a credential. inCluster: the service account of the pod of the agent. */
  readonly access: 'eks' | 'kubeconfig' | 'token' | 'inCluster';
  /** The name of the EKS cluster, with access: eks. */
  readonly cluster?: string;
  /** The region of the EKS cluster, with access: eks. */
  readonly region?: string;
  /** The https address of the API server, with access: eks or token. For EKS: aws eks describe-cluster --query cluster.endpoint. */
  readonly server?: string;
  /** The CA of the API server, as PEM or as base64 of PEM. For EKS: certificateAuthority.data. Default with access: token: the public CAs. */
  readonly ca?: string;
  /** A kubeconfig with a token or a client certificate in it, with access: kubeconfig. Commands and paths in it are refused. */
  readonly kubeconfig?: Credential;
  /** The context of the kubeconfig. Default: its current-context. */
  readonly context?: string;
  /** The bearer token of a service account, with access: token. */
  readonly token?: Credential;
  /** true creates the Secret if it does not exist. Default: true. */
  readonly create?: boolean;
  /** true also accepts an existing Secret of type Opaque with the keys tls.crt and tls.key. Default: false. */
  readonly allowOpaque?: boolean;
  /** true also changes a Secret that another program manages, such as cert-manager. That program may change it again. Default: false. */
  readonly force?: boolean;
  /** Number of older versions kept in the backup Secret, in addition to the snapshot of the running deployment. Default: 3. */
  readonly backupRetention?: number;
}

/** Files on a server that is reached by SSH, without an agent on it. */
export interface SshConfig {
  /** The host name or IP address of the SSH server. */
  readonly address: string;
  /** The port of the SSH server. Default: 22. */
  readonly port?: number;
  /** The user that logs in, and that reads and writes the files. */
  readonly user: string;
  /** The accepted host keys: a line of known_hosts, a SHA-256 fingerprint, or a list of them. trustOnFirstUse accepts the key of the first connection. */
  readonly hostKey: 'trustOnFirstUse' | string | readonly string[];
  /** The password of the user. */
  readonly password?: Credential;
  /** The private key of the user, as ssh-keygen writes it. */
  readonly privateKey?: Credential;
  /** The passphrase of privateKey. */
  readonly passphrase?: Credential;
  /** The OpenSSH certificate of privateKey: the line of the file that ends in -cert.pub. */
  readonly userCertificate?: Credential;
  /** The file for the certificate. A symbolic link is followed. */
  readonly certPath: string;
  /** The file for the private key. A symbolic link is followed. */
  readonly keyPath: string;
  /** The file for the intermediates alone. */
  readonly chainPath?: string;
  /** fullchain: certPath holds leaf and intermediates. leaf: certPath holds the leaf alone. Default: fullchain. */
  readonly certContents?: 'fullchain' | 'leaf';
  /** Octal, in quotes. Default: the mode of the existing file, else 0644. */
  readonly certMode?: string;
  /** Octal, in quotes, without access for others. Default: the mode of the existing file, else 0600. */
  readonly keyMode?: string;
  /** A user name, or a number in quotes. Default: the owner of the existing file, else the user that logs in. */
  readonly owner?: string;
  /** A group name, or a number in quotes. Default: the group of the existing file, else the group of the user that logs in. */
  readonly group?: string;
  /** Checks the files on the server. With {cert}, {key} or {chain} in its words, it checks the staged files before any file changes. Otherwise it runs after the files are installed and before the reload. */
  readonly validateCommand?: string | readonly string[];
  /** Makes the daemon on the server read its files again. */
  readonly reloadCommand?: string | readonly string[];
  /** Runs after the previous files are restored. Default: reloadCommand. */
  readonly restoreCommand?: string | readonly string[];
  /** Seconds that each command may run. Default: 60. */
  readonly commandTimeoutSeconds?: number;
  /** Number of older versions kept on the server, in addition to the snapshot of the running deployment. Default: 3. */
  readonly backupRetention?: number;
}

/** A client-SSL profile of an F5 BIG-IP, through iControl REST. */
export interface F5Config {
  /** The management address of the BIG-IP: a host name or an IP address. */
  readonly address: string;
  /** The port of the management interface. Default: 443. */
  readonly port?: number;
  /** The account. It needs the role Administrator, which F5 requires for uploads. */
  readonly username: string;
  /** The password of the account. */
  readonly password: Credential;
  /** The login provider of the account. Default: tmos, which covers local and remote accounts. */
  readonly loginProvider?: string;
  /** The partition of the profile. Key, certificate and chain are created in it. Default: Common. */
  readonly partition?: string;
  /** The client-SSL profile, or a list of profiles that change together in one transaction. */
  readonly profile: string | readonly string[];
  /** The entry of certKeyChain to replace. Required for a profile with several entries. */
  readonly certKeyChainName?: string;
  /** The device group to which the agent synchronizes the configuration after each change. */
  readonly deviceGroup?: string;
  /** The CA of the management certificate as PEM text. Default: the CAs that the system trusts. */
  readonly caCertificate?: string;
  /** The SHA-256 of the management certificate itself, for a self-signed one. Excludes caCertificate. */
  readonly certificateFingerprint?: string;
  /** Number of older versions whose objects stay on the BIG-IP for a rollback. Default: 3. */
  readonly backupRetention?: number;
}

/** A target as {@link Certferry.addTarget} expects it. */
export type TargetInput = TargetProps & {
  /** The name of the target in locks, history and on the host. Never reuse the id of another target. */
  readonly id: string;
} & (
    | {
        /** The kind of the target. */
        readonly kind: 'nginx';
        /** The fields of this kind. */
        readonly config: NginxConfig;
      }
    | {
        /** The kind of the target. */
        readonly kind: 'files';
        /** The fields of this kind. */
        readonly config: FilesConfig;
      }
    | {
        /** The kind of the target. */
        readonly kind: 'caddy';
        /** The fields of this kind. */
        readonly config: CaddyConfig;
      }
    | {
        /** The kind of the target. */
        readonly kind: 'apache';
        /** The fields of this kind. */
        readonly config: ApacheConfig;
      }
    | {
        /** The kind of the target. */
        readonly kind: 'haproxy';
        /** The fields of this kind. */
        readonly config: HaproxyConfig;
      }
    | {
        /** The kind of the target. */
        readonly kind: 'postfix';
        /** The fields of this kind. */
        readonly config: PostfixConfig;
      }
    | {
        /** The kind of the target. */
        readonly kind: 'dovecot';
        /** The fields of this kind. */
        readonly config: DovecotConfig;
      }
    | {
        /** The kind of the target. */
        readonly kind: 'traefik';
        /** The fields of this kind. */
        readonly config: TraefikConfig;
      }
    | {
        /** The kind of the target. */
        readonly kind: 'envoy';
        /** The fields of this kind. */
        readonly config: EnvoyConfig;
      }
    | {
        /** The kind of the target. */
        readonly kind: 'javakeystore';
        /** The fields of this kind. */
        readonly config: JavaKeystoreConfig;
      }
    | {
        /** The kind of the target. */
        readonly kind: 'acm';
        /** The fields of this kind. */
        readonly config: AcmConfig;
      }
    | {
        /** The kind of the target. */
        readonly kind: 'k8ssecret';
        /** The fields of this kind. */
        readonly config: K8sSecretConfig;
      }
    | {
        /** The kind of the target. */
        readonly kind: 'ssh';
        /** The fields of this kind. */
        readonly config: SshConfig;
      }
    | {
        /** The kind of the target. */
        readonly kind: 'f5';
        /** The fields of this kind. */
        readonly config: F5Config;
      }
  );

/** One function for each kind of target. {@link Certferry.addTarget} checks the result. */
export interface TargetBuilders {
  /** nginx, with certificate and key in files. */
  nginx(id: string, properties: TargetProps & NginxConfig): TargetInput;
  /** Any daemon that reads PEM files: with a preset, or with your own paths and commands. */
  files(id: string, properties: TargetProps & FilesConfig): TargetInput;
  /** Caddy, with files or through its admin API. */
  caddy(id: string, properties: TargetProps & CaddyConfig): TargetInput;
  /** Apache httpd with mod_ssl. */
  apache(id: string, properties: TargetProps & ApacheConfig): TargetInput;
  /** haproxy, with a reload or through its stats socket. */
  haproxy(id: string, properties: TargetProps & HaproxyConfig): TargetInput;
  /** The SMTP server of Postfix. */
  postfix(id: string, properties: TargetProps & PostfixConfig): TargetInput;
  /** Dovecot: IMAP, POP3, submission and ManageSieve. */
  dovecot(id: string, properties: TargetProps & DovecotConfig): TargetInput;
  /** Traefik with its file provider. */
  traefik(id: string, properties: TargetProps & TraefikConfig): TargetInput;
  /** Envoy, which watches its files. */
  envoy(id: string, properties: TargetProps & EnvoyConfig): TargetInput;
  /** A keystore of Java (PKCS12 or JKS), of which one entry is replaced. */
  javaKeystore(id: string, properties: TargetProps & JavaKeystoreConfig): TargetInput;
  /** AWS Certificate Manager, for load balancers, CloudFront and API Gateway. */
  acm(id: string, properties: TargetProps & AcmConfig): TargetInput;
  /** A TLS Secret in a Kubernetes cluster, for ingress controllers and pods. */
  k8sSecret(id: string, properties: TargetProps & K8sSecretConfig): TargetInput;
  /** Files on a server that is reached by SSH, without an agent on it. */
  ssh(id: string, properties: TargetProps & SshConfig): TargetInput;
  /** A client-SSL profile of an F5 BIG-IP, through iControl REST. */
  f5(id: string, properties: TargetProps & F5Config): TargetInput;
}
