/** Metrics over CRI: cAdvisor's names, so that what reads kubelet's /metrics/cadvisor finds them unchanged. */
import type { ContainerView, SandboxView } from '../../runtime/model.ts';
import type { Metric } from '../generated/runtime/v1/Metric.ts';
import type { MetricDescriptor } from '../generated/runtime/v1/MetricDescriptor.ts';

/** Whom a metric is about, under the labels kubelet's cAdvisor gives its own. */
const BASE_LABELS = ['id', 'name', 'image', 'container', 'pod', 'namespace'];

/** One value, and what tells it from the metric's others. CRI's values are whole numbers: seconds lose their fraction. */
export interface Value {
  readonly value: bigint;
  /** As many as the definition's `labels`. */
  readonly labels?: readonly string[];
  /** When it was collected, if not just now. */
  readonly at?: string;
}

/** A metric: how it is described and how it is read. What cannot be told is no value. */
export interface Definition<Subject> {
  readonly name: string;
  readonly help: string;
  readonly type: 'COUNTER' | 'GAUGE';
  /** Names of labels beside BASE_LABELS. */
  readonly labels?: readonly string[];
  readonly read: (subject: Subject) => bigint | undefined | readonly Value[];
}

export function describe({ name, help, labels = [] }: Definition<never>): MetricDescriptor {
  return { name, help, labelKeys: [...BASE_LABELS, ...labels] };
}

/** All values of all definitions for one subject. */
export function measure<Subject>(
  definitions: readonly Definition<Subject>[],
  subject: Subject,
  baseLabels: readonly string[],
): Metric[] {
  return definitions.flatMap(({ name, type, read }) =>
    toValues(read(subject)).map(({ value, labels = [], at = '0' }) => ({
      name,
      timestamp: at,
      metricType: type,
      labelValues: [...baseLabels, ...labels],
      value: { value: value.toString() },
    })),
  );
}

function toValues(read: bigint | undefined | readonly Value[]): readonly Value[] {
  if (read === undefined) return [];
  return typeof read === 'bigint' ? [{ value: read }] : read;
}

/** In the order of BASE_LABELS. */
export function containerLabels({ id, config, imageName }: ContainerView, sandbox: SandboxView): readonly string[] {
  const { name } = config.metadata;
  return [id, id, imageName, name, sandbox.config.metadata.name, sandbox.config.metadata.namespace];
}

/** cAdvisor's series of a whole pod have no container and no image. */
export function sandboxLabels({ id, config }: SandboxView): readonly string[] {
  return [id, id, '', '', config.metadata.name, config.metadata.namespace];
}
