/** Lists as streams: a message of CRI's Stream* calls holds at least one item and each item stands in one message. */

/** Far below the size limit of a message (16 MiB), and few messages for a whole node. */
const ITEMS = 64;

/** The items in order, some at a time; nothing at all for an empty list. */
export function* chunks<T>(items: readonly T[]): Generator<T[], void, undefined> {
  for (let start = 0; start < items.length; start += ITEMS) yield items.slice(start, start + ITEMS);
}
