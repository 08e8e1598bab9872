/** An upload did not succeed. */
export class UploadFailed extends Error {
  override readonly name = "UploadFailed"
  /** Whether trying later may help: the server is away, or its answer is not for ever. */
  readonly retry: boolean
  /** The answer's status; 0 where there was none. */
  readonly status: number

  constructor(message: string, retry: boolean, status = 0) {
    super(message)
    this.retry = retry
    this.status = status
  }
}
