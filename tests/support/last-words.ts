/** Loaded before each file of tests: where one fails, what the processes said that it drove is printed. */
import { beforeEach } from "vitest"
import { forgetEnded, lastWords } from "./server.ts"

beforeEach(({ onTestFailed }) => {
  forgetEnded()
  onTestFailed(() => {
    const words = lastWords()
    if (words !== "") process.stderr.write(`\nthe processes of the test that failed have said:\n${words}\n`)
  })
})
