import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { focusOn, parseReport } from './ginkgo-report.ts';

function spec(over: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return {
    LeafNodeType: 'It',
    LeafNodeText: 'runs',
    ContainerHierarchyTexts: ['[k8s.io] Container', 'basic'],
    State: 'passed',
    RunTime: 1_500_000_000,
    ...over,
  };
}

function parse(...specs: readonly Readonly<Record<string, unknown>>[]) {
  return parseReport(JSON.stringify([{ RunTime: 60_000_000_000, SpecReports: specs }]));
}

describe('the report of critest', () => {
  it('gives names without the prefix, and seconds', () => {
    assert.deepEqual(parse(spec({})), {
      seconds: 60,
      results: [{ spec: 'Container basic runs', outcome: 'passed', seconds: 1.5, message: '' }],
    });
  });

  it('leaves out what the focus left out, but not what skipped itself', () => {
    const { results } = parse(
      spec({ State: 'skipped' }),
      spec({ State: 'skipped', LeafNodeText: 'maps ids', Failure: { Message: 'no user namespaces' } }),
    );
    assert.deepEqual(
      results.map(({ spec, outcome, message }) => [spec, outcome, message]),
      [['Container basic maps ids', 'skipped', 'no user namespaces']],
    );
  });

  it('takes panics and timeouts for failures', () => {
    const { results } = parse(spec({ State: 'panicked' }), spec({ State: 'timedout' }), spec({ State: 'interrupted' }));
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['failed', 'failed', 'failed'],
    );
  });

  it('names a set-up that failed, and not one that passed', () => {
    const setUp = { LeafNodeType: 'BeforeSuite', LeafNodeText: '', ContainerHierarchyTexts: null };
    const { results } = parse(spec({ ...setUp }), spec({ ...setUp, State: 'failed', Failure: { Message: 'no' } }));
    assert.deepEqual(results, [{ spec: 'BeforeSuite', outcome: 'failed', seconds: 1.5, message: 'no' }]);
  });

  it('is refused when it is not one suite', () => {
    assert.throws(() => parseReport('[]'));
    assert.throws(() => parseReport('{"SpecReports": []}'));
  });
});

describe('the focus', () => {
  it('takes exactly the specs named, whatever signs are in them', () => {
    const pattern = new RegExp(focusOn(['Image (Uid|Username) [Conformance]', 'Pod runs']));
    assert.match('CRI validation [k8s.io] Image (Uid|Username) [Conformance]', pattern);
    assert.match('CRI validation [k8s.io] Pod runs', pattern);
    assert.doesNotMatch('CRI validation [k8s.io] Pod runs twice', pattern);
    assert.doesNotMatch('CRI validation [k8s.io] Image Uid [Conformance]', pattern);
    assert.doesNotMatch('CRI validation [k8s.io] Another Pod runs', pattern);
  });
});
