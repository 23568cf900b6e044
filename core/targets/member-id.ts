/** `web.i-0123456789abcdef0`: the name of a target on one of several hosts. No registered target may have such an id. */
const memberId = /\.(i-[0-9a-f]{8,17}|mi-[0-9a-f]{17})$/;

/** Whether a selector has found the host of the target, so that its id ends with that of the host. */
export const isMemberId = (targetId: string): boolean => memberId.test(targetId);

/** The id of the registered target, from the id of a target on one host. */
export function registeredIdOf(targetId: string): string {
  return targetId.replace(memberId, '');
}
