/** WWW-Authenticate (RFC 9110 §11.6.1): a list of challenges, each a scheme and parameters. */
export interface Challenge {
  /** Lower-case. */
  readonly scheme: string;
  /** Keys lower-case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_HEADER = 8192;
const MAX_CHALLENGES = 8;
const MAX_PARAMETERS = 16;

const schemePattern = /[\s,]*([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?=[\s,]|$)[ \t]*/y;
const parameterPattern = /[\s,]*([A-Za-z0-9!#$%&'*+.^_`|~-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\[\s\S])*)"|([^\s",]*))/y;

/** Parses what it understands; the rest of a malformed header is ignored. */
export function parseChallenges(header: string): readonly Challenge[] {
  const text = header.slice(0, MAX_HEADER);
  const challenges: Challenge[] = [];
  let at = 0;
  while (challenges.length < MAX_CHALLENGES) {
    schemePattern.lastIndex = at;
    const scheme = schemePattern.exec(text)?.[1];
    if (scheme === undefined) break;
    at = schemePattern.lastIndex;
    const parameters = new Map<string, string>();
    for (;;) {
      parameterPattern.lastIndex = at;
      const match = parameterPattern.exec(text);
      if (match === null) break;
      at = parameterPattern.lastIndex;
      const [, key = '', quoted, plain = ''] = match;
      if (parameters.size < MAX_PARAMETERS)
        parameters.set(key.toLowerCase(), quoted?.replaceAll(/\\([\s\S])/g, '$1') ?? plain);
    }
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
  }
  return challenges;
}
