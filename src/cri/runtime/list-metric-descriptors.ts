import type { ListMetricDescriptorsRequest__Output } from '../generated/runtime/v1/ListMetricDescriptorsRequest.ts';
import type { ListMetricDescriptorsResponse } from '../generated/runtime/v1/ListMetricDescriptorsResponse.ts';
import type { Handler } from '../handler.ts';
import { metricDescriptors } from '../metrics/pod-metrics.ts';

/** kubelet asks once, when it starts. */
export function listMetricDescriptors(): Handler<ListMetricDescriptorsRequest__Output, ListMetricDescriptorsResponse> {
  return () => ({ descriptors: metricDescriptors() });
}
