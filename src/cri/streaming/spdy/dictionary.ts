/**
 * The dictionary that SPDY/3 primes the compression of header blocks with: words that HTTP headers are made of, each behind
 * its length as 32 bits, then status codes, dates and values in one string (SPDY/3 draft, section 2.6.10.1). Built from its
 * parts; its test compares the digest.
 */
const WORDS =
  'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow ' +
  'authorization cache-control connection content-base content-encoding content-language content-length content-location ' +
  'content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match ' +
  'if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range ' +
  'referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get ' +
  'status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin';

const STATUS_CODES =
  '100 101 201 202 205 206 300 302 303 304 305 306 307 402 405 406 407 408 409 410 411 412 413 414 415 416 417 502 504 505';

const TAIL =
  '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden' +
  '404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable' +
  'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT' +
  'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,' +
  'publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.';

function lengthAndWord(word: string): Buffer {
  const bytes = Buffer.from(`0000${word.replace('_', ' ')}`, 'latin1');
  bytes.writeUInt32BE(bytes.length - 4);
  return bytes;
}

export const SPDY_DICTIONARY: Buffer = Buffer.concat([
  ...WORDS.split(' ').map(lengthAndWord),
  Buffer.from(STATUS_CODES.replaceAll(' ', '') + TAIL, 'latin1'),
]);
