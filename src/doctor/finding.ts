/** What the doctor says of one thing, and how it is shown. Pure. */

export type Level = 'ok' | 'warn' | 'fail';

export interface Finding {
  readonly check: string;
  /** fail: pods cannot run, or not for long; warn: they can, but somebody should look. */
  readonly level: Level;
  readonly found: string;
  /** What to do; '' if nothing. */
  readonly advice: string;
}

export function ok(check: string, found: string): Finding {
  return { check, level: 'ok', found, advice: '' };
}

export function warn(check: string, found: string, advice: string): Finding {
  return { check, level: 'warn', found, advice };
}

export function fail(check: string, found: string, advice: string): Finding {
  return { check, level: 'fail', found, advice };
}

/** A table, one finding a line and its advice below it, with a sum at the end. */
export function table(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, level, found, advice }) => [
    `${level.padEnd(4)}  ${check.padEnd(width)}  ${found}`,
    ...(advice === '' ? [] : [`${' '.repeat(width + 8)}→ ${advice}`]),
  ]);
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  return `${[...lines, '', `${count('ok')} ok, ${count('warn')} warnings, ${count('fail')} failures`].join('\n')}\n`;
}
