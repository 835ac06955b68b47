// Original file: proto/guest/v1/guest.proto

import type { Route as _a3s_guest_v1_Route, Route__Output as _a3s_guest_v1_Route__Output } from '../../../a3s/guest/v1/Route.ts';
import type { Neighbour as _a3s_guest_v1_Neighbour, Neighbour__Output as _a3s_guest_v1_Neighbour__Output } from '../../../a3s/guest/v1/Neighbour.ts';

export interface NetworkInterface {
  'mac'?: (string);
  'name'?: (string);
  'mtu'?: (number);
  'addresses'?: (string)[];
  'routes'?: (_a3s_guest_v1_Route)[];
  'neighbours'?: (_a3s_guest_v1_Neighbour)[];
}

export interface NetworkInterface__Output {
  'mac': (string);
  'name': (string);
  'mtu': (number);
  'addresses': (string)[];
  'routes': (_a3s_guest_v1_Route__Output)[];
  'neighbours': (_a3s_guest_v1_Neighbour__Output)[];
}
