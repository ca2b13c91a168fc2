/** How many times the suspicion time a controller waits for peers that are silent at its start. */
const GRACE_THRESHOLDS = 2;

/** The same in milliseconds. */
export function startGraceMsOf(detection: {
  readonly heartbeatMs: number;
  readonly threshold: number;
}): number {
  return GRACE_THRESHOLDS * detection.heartbeatMs * detection.threshold;
}
