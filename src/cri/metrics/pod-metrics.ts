/** A sandbox's statistics → its metrics. Pure but for the clock in container_last_seen. */
import type { SandboxStats } from '../../runtime/stats/stats.ts';
import { isRunning } from '../convert/stats.ts';
import type { MetricDescriptor } from '../generated/runtime/v1/MetricDescriptor.ts';
import type { PodSandboxMetrics } from '../generated/runtime/v1/PodSandboxMetrics.ts';
import { CONTAINER_METRICS } from './container-metrics.ts';
import { containerLabels, describe, measure, sandboxLabels } from './metric.ts';
import { NETWORK_METRICS } from './network-metrics.ts';
import { USAGE_METRICS } from './usage-metrics.ts';

/** Every name that `podMetrics` uses, once; the same for the daemon's whole life. */
export function metricDescriptors(): MetricDescriptor[] {
  return [...USAGE_METRICS.map(describe), ...CONTAINER_METRICS.map(describe), ...NETWORK_METRICS.map(describe)];
}

export function podMetrics(stats: SandboxStats): PodSandboxMetrics {
  const { sandbox, containers, scratch } = stats;
  const labels = sandboxLabels(sandbox);
  return {
    podSandboxId: sandbox.id,
    metrics: [...measure(USAGE_METRICS, stats, labels), ...measure(NETWORK_METRICS, stats, labels)],
    containerMetrics: containers.filter(isRunning).map((container) => {
      const of = containerLabels(container.container, sandbox);
      const subject = { ...container, scratch };
      return {
        containerId: container.container.id,
        metrics: [...measure(USAGE_METRICS, subject, of), ...measure(CONTAINER_METRICS, subject, of)],
      };
    }),
  };
}
