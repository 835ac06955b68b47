/** Kubernetes quantities (`10M`, `512Ki`, `1e6`), as bandwidth annotations hold them. Pure. */

const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};
const QUANTITY = /^\+?(\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:([eE][+-]?\d{1,2})|([a-zA-Z]{0,2}))$/;

/** The value rounded up to a whole number, as resource.Quantity's Value() does; undefined if it is no (or a negative) quantity. */
export function parseQuantity(text: string): number | undefined {
  const match = QUANTITY.exec(text);
  if (match === null) return undefined;
  const [, digits = '', exponent = '', suffix = ''] = match;
  const factor = SUFFIXES[suffix];
  return factor === undefined ? undefined : Math.ceil(Number(`${digits}${exponent}`) * factor);
}
