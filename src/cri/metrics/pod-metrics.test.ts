import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerConfig, resources } from '../../testing/configs.ts';
import { containerStats, containerView, sandboxStats, usage } from '../../testing/stats.ts';
import type { Metric } from '../generated/runtime/v1/Metric.ts';
import { metricDescriptors, podMetrics } from './pod-metrics.ts';

/** What critest asks for (cri-tools pkg/validate/pod.go, as of Kubernetes 1.37). */
const EXPECTED = `container_blkio_device_usage_total container_cpu_cfs_periods_total
  container_cpu_cfs_throttled_periods_total container_cpu_cfs_throttled_seconds_total container_cpu_system_seconds_total
  container_cpu_usage_seconds_total container_cpu_user_seconds_total container_file_descriptors container_fs_inodes_free
  container_fs_inodes_total container_fs_limit_bytes container_fs_reads_bytes_total container_fs_reads_total
  container_fs_usage_bytes container_fs_writes_bytes_total container_fs_writes_total container_hugetlb_usage_bytes
  container_last_seen container_memory_cache container_memory_failcnt container_memory_failures_total
  container_memory_kernel_usage container_memory_mapped_file container_memory_max_usage_bytes container_memory_rss
  container_memory_swap container_memory_usage_bytes container_memory_working_set_bytes
  container_network_receive_bytes_total container_network_receive_errors_total
  container_network_receive_packets_dropped_total container_network_receive_packets_total
  container_network_transmit_bytes_total container_network_transmit_errors_total
  container_network_transmit_packets_dropped_total container_network_transmit_packets_total container_oom_events_total
  container_pressure_cpu_stalled_seconds_total container_pressure_cpu_waiting_seconds_total
  container_pressure_io_stalled_seconds_total container_pressure_io_waiting_seconds_total
  container_pressure_memory_stalled_seconds_total container_pressure_memory_waiting_seconds_total container_processes
  container_sockets container_spec_cpu_period container_spec_cpu_quota container_spec_cpu_shares
  container_spec_memory_limit_bytes container_spec_memory_reservation_limit_bytes container_spec_memory_swap_limit_bytes
  container_start_time_seconds container_threads container_threads_max container_ulimits_soft`.split(/\s+/);
/** Those it accepts without a value, where the kernel has no PSI, no I/O accounting or no huge pages. */
const MAY_LACK_VALUES = /^container_(blkio|fs_(reads|writes)|pressure|hugetlb|spec_cpu_quota|ulimits)/;

function all(stats = sandboxStats()): readonly Metric[] {
  const { metrics = [], containerMetrics = [] } = podMetrics(stats);
  return [...metrics, ...containerMetrics.flatMap(({ metrics: own = [] }) => own)];
}

/** Values by name and by the labels beside the six of every metric. */
function values(metrics: readonly Metric[], name: string): Record<string, unknown> {
  const found = metrics.filter((metric) => metric.name === name);
  return Object.fromEntries(found.map((metric) => [metric.labelValues?.slice(6).join(','), metric.value?.value]));
}

describe('metric descriptors', () => {
  it('name what critest expects, each once, with help and labels', () => {
    const descriptors = metricDescriptors();
    const names = descriptors.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(
      EXPECTED.filter((name) => !names.includes(name)),
      [],
    );
    for (const { name, help = '', labelKeys = [] } of descriptors) {
      assert.notEqual(help, '', name);
      assert.ok(labelKeys.length >= 6, name);
    }
  });
});

describe('pod metrics', () => {
  it('have a value for every name that must have one, under as many labels as described', () => {
    const labelCount = new Map(metricDescriptors().map(({ name, labelKeys = [] }) => [name, labelKeys.length]));
    const metrics = all();
    const named = new Set(metrics.map(({ name }) => name));
    assert.deepEqual(
      [...labelCount.keys()].filter((name) => !named.has(name) && !MAY_LACK_VALUES.test(name ?? '')),
      [],
    );
    for (const { name, labelValues = [] } of metrics) assert.equal(labelValues.length, labelCount.get(name), name);
  });

  it('have as many labels for those that depend on the kernel too', () => {
    const line = { avg10: 0, avg60: 0, avg300: 0, totalNs: 3_000_000_000n };
    const pressure = { some: line, full: line };
    const full = usage({
      pressure: { cpu: pressure, memory: pressure, io: pressure },
      io: [{ major: 254, minor: 0, readBytes: 1n, writtenBytes: 2n, reads: 3n, writes: 4n }],
      hugePages: [{ size: '2MB', usage: 5n }],
    });
    const config = containerConfig({ resources: resources({ cpuQuota: 20_000, cpuPeriod: 100_000 }) });
    const container = containerStats({ usage: full, container: containerView({ config }) });
    const metrics = all(sandboxStats({ containers: [container] }));
    const labelCount = new Map(metricDescriptors().map(({ name, labelKeys = [] }) => [name, labelKeys.length]));
    assert.deepEqual(
      EXPECTED.filter((expected) => !metrics.some(({ name }) => name === expected)),
      [],
    );
    for (const { name, labelValues = [] } of metrics) assert.equal(labelValues.length, labelCount.get(name), name);
    assert.deepEqual(values(metrics, 'container_blkio_device_usage_total'), {
      '/dev/block/254:0,254,0,Read': '1',
      '/dev/block/254:0,254,0,Write': '2',
    });
    assert.deepEqual(values(metrics, 'container_pressure_io_waiting_seconds_total'), { '': '3' });
    assert.deepEqual(values(metrics, 'container_spec_cpu_quota'), { '': '20000' });
  });

  it('say whom they are about, and what', () => {
    const metrics = all();
    const labels = metrics.find(({ name }) => name === 'container_spec_cpu_shares')?.labelValues;
    assert.deepEqual(labels, ['c1', 'c1', 'busybox', 'main', 'pod', 'default']);
    assert.deepEqual(values(metrics, 'container_network_receive_bytes_total'), { eth0: '1' });
    assert.deepEqual(values(metrics, 'container_network_transmit_packets_dropped_total'), { eth0: '8' });
    assert.deepEqual(values(metrics, 'container_fs_usage_bytes'), { '/dev/vda': '4096' });
    assert.equal(metrics.find(({ name }) => name === 'container_fs_usage_bytes')?.timestamp, '900');
    assert.deepEqual(values(metrics, 'container_ulimits_soft'), { max_open_files: '1024' });
  });

  it('leave out containers that do not run', () => {
    const ended = containerStats({ container: containerView({ state: 'EXITED' }) });
    assert.deepEqual(podMetrics(sandboxStats({ containers: [ended] })).containerMetrics, []);
  });
});
