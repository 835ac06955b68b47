import { BoxError } from '../../errors.ts';
import type { RegistryAuth } from '../../image/image-service.ts';
import type { AuthConfig__Output } from '../generated/runtime/v1/AuthConfig.ts';
import type { PullImageRequest__Output } from '../generated/runtime/v1/PullImageRequest.ts';
import type { PullImageResponse } from '../generated/runtime/v1/PullImageResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** The reference in the reply is the image's id. */
export function pullImage({ images }: Cores): Handler<PullImageRequest__Output, PullImageResponse> {
  return async ({ image, auth }, signal) => {
    if (image === null || image.image === '') throw new BoxError('INVALID_REQUEST', 'the request names no image');
    const pulled = await images.pull(image.image, auth === null ? undefined : toAuth(auth), signal);
    return { imageRef: pulled.id };
  };
}

/** `auth` is base64 of `username:password`, as in a Docker configuration file; the plain fields win over it. */
export function toAuth(auth: AuthConfig__Output): RegistryAuth | undefined {
  const { serverAddress, identityToken, registryToken } = auth;
  const [username, password] =
    auth.username === '' && auth.auth !== '' ? decode(auth.auth) : [auth.username, auth.password];
  if (username === '' && identityToken === '' && registryToken === '') return undefined;
  return { username, password, serverAddress, identityToken, registryToken };
}

function decode(auth: string): readonly [string, string] {
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) throw new BoxError('INVALID_REQUEST', 'auth.auth is not base64 of username:password');
  return [text.slice(0, colon), text.slice(colon + 1).replace(/\0+$/, '')];
}
