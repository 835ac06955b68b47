/** The daemon's log: pino, one JSON line each on stderr, written synchronously (no worker: it costs 13 MiB). */
import { destination, type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const STDERR = 2;
/** Names under which a secret could come along, at any of the depths we log. */
const SECRETS = ['auth', 'password', 'token', 'identityToken', 'registryToken', 'authorization', 'envs'];

export function openLog(level: LogLevel): Logger {
  return pino(
    {
      level,
      base: null,
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination({ dest: STDERR, sync: true }),
  );
}
