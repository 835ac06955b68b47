import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isBoxError } from '../errors.ts';
import { formatReference, parseReference, repositoryOf } from './reference.ts';

const hex = 'a'.repeat(64);

describe('image references', () => {
  const normalised: readonly (readonly [given: string, meant: string])[] = [
    ['busybox', 'docker.io/library/busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36'],
    ['user/app', 'docker.io/user/app:latest'],
    ['index.docker.io/busybox', 'docker.io/library/busybox:latest'],
    ['docker.io/library/busybox', 'docker.io/library/busybox:latest'],
    ['localhost/app', 'localhost/app:latest'],
    ['localhost:5000/app:1', 'localhost:5000/app:1'],
    ['127.0.0.1:5000/a/b/c:x', '127.0.0.1:5000/a/b/c:x'],
    ['[::1]:5000/app', '[::1]:5000/app:latest'],
    ['reg.example.net/pause:3.9', 'reg.example.net/pause:3.9'],
    ['MyHost/app', 'MyHost/app:latest'],
    ['a.b/c__d/e-f.g', 'a.b/c__d/e-f.g:latest'],
    [`busybox@sha256:${hex}`, `docker.io/library/busybox@sha256:${hex}`],
    [`busybox:1@sha256:${hex}`, `docker.io/library/busybox@sha256:${hex}`],
  ];
  for (const [given, meant] of normalised) {
    test(given, () => assert.equal(formatReference(parseReference(given)), meant));
  }

  const refused: readonly string[] = [
    '',
    ' ',
    'UPPER',
    'a/B',
    '-a',
    'a-',
    'a..b',
    'a//b',
    '/a',
    'a/',
    'a:',
    'a:b:c',
    'a@',
    'a@sha256:zz',
    `a@sha256:${hex}0`,
    `a@md5:${hex}`,
    'a:.b',
    `a:${'t'.repeat(129)}`,
    'h.ost:0/a',
    'h.ost:70000/a',
    'h.ost:x/a',
    'ho_st.x/a',
    hex,
    'a b',
    'a\nb',
    'http://a/b',
    `a.b/${'n'.repeat(252)}`,
    'x'.repeat(2000),
    '../a',
    'a/../b',
  ];
  for (const text of refused) {
    test(`refused: ${JSON.stringify(text.slice(0, 40))}`, () =>
      assert.throws(
        () => parseReference(text),
        (error) => isBoxError(error, 'INVALID_REFERENCE'),
      ));
  }

  const component = fc.stringMatching(/^[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,8})?$/);
  const host = fc.oneof(
    fc.constant('localhost'),
    fc.stringMatching(/^[a-z0-9]{1,8}\.[a-z]{2,5}$/),
    fc.integer({ min: 1, max: 65535 }).map((port) => `127.0.0.1:${port}`),
  );
  const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);

  test('what is well-formed is taken apart and put together again', () => {
    fc.assert(
      fc.property(host, fc.array(component, { minLength: 1, maxLength: 4 }), tag, (name, parts, label) => {
        const path = parts.join('/');
        const parsed = parseReference(`${name}/${path}:${label}`);
        assert.deepEqual([repositoryOf(parsed), parsed.tag], [`${name}/${path}`, label]);
        assert.deepEqual(parseReference(formatReference(parsed)), parsed);
      }),
    );
  });

  test('any text is parsed to something that parses to itself, or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-zA-Z0-9._:@/-]{0,60}$/)), (text) => {
        try {
          const parsed = parseReference(text);
          assert.deepEqual(parseReference(formatReference(parsed)), parsed);
        } catch (error) {
          assert.ok(isBoxError(error, 'INVALID_REFERENCE'), String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
