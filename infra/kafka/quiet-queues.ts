/**
 * kafkajs 2.2.4 looks after the queue of each connection by a timer that it sets anew whenever it fires, even where nothing
 * waits and nothing is throttled. Its time is then a negative number, for which Node warns, and which it takes for one
 * millisecond: a thousand wake-ups a second for each idle connection. Here the timer is only set where there is something to send.
 */
import RequestQueue from "kafkajs/src/network/requestQueue/index.js"

/** How long until a queue that is held up only by the requests under way is looked at again, as kafkajs has it. */
const againMs = 10

/** Mends the queues of all connections of this process; doing it twice does no harm. */
export const quietQueues = (): void => {
  RequestQueue.prototype.scheduleCheckPendingRequests = function () {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return
    const throttledMs = this.throttledUntil - Date.now()
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null
        this.checkPendingRequests()
      },
      throttledMs > 0 ? throttledMs : againMs,
    )
  }
}
