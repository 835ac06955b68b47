/** CRI's list filters: every condition must hold, an empty one holds for all. Pure. */

import type { ContainerView, SandboxView } from '../runtime/model.ts';
import type { ContainerFilter__Output } from './generated/runtime/v1/ContainerFilter.ts';
import type { PodSandboxFilter__Output } from './generated/runtime/v1/PodSandboxFilter.ts';

export function filterSandboxes(
  all: readonly SandboxView[],
  filter: PodSandboxFilter__Output | null,
): readonly SandboxView[] {
  if (filter === null) return all;
  return all.filter(
    ({ id, state, config }) =>
      id.startsWith(filter.id) &&
      (filter.state === null || filter.state.state === `SANDBOX_${state}`) &&
      hasLabels(config.labels, filter.labelSelector),
  );
}

export function filterContainers(
  all: readonly ContainerView[],
  filter: ContainerFilter__Output | null,
): readonly ContainerView[] {
  if (filter === null) return all;
  return all.filter(
    ({ id, sandboxId, state, config }) =>
      id.startsWith(filter.id) &&
      sandboxId.startsWith(filter.podSandboxId) &&
      (filter.state === null || filter.state.state === `CONTAINER_${state}`) &&
      hasLabels(config.labels, filter.labelSelector),
  );
}

/** Exact key=value for every pair (set-based selectors are not part of CRI). */
export function hasLabels(
  labels: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}
