/** What gateways promise: that what they acknowledge is in the log, and which id a name means. */
import type { PlantedBug } from "../planted.ts"

export const gateways: readonly PlantedBug[] = [
  {
    name: "acknowledged before the append",
    wrong: "A frame is answered while its append is still under way.",
    file: "gateways/ingest/storing.ts",
    find: "const outcome = await appender.append(runId, stamp(stated, { ...frame, newId }), frame.bytes)",
    replace: `void appender.append(runId, stamp(stated, { ...frame, newId }), frame.bytes)
  const outcome: Outcome = await Promise.resolve({ refused: null, positions: [] })`,
    caughtBy: { seeds: 20, says: /an acknowledged point .* is not in the log/ },
  },
  {
    name: "append error swallowed",
    wrong: "An append that the log refused counts as done.",
    file: "gateways/ingest/appender.ts",
    find: "LogUnavailable: ({ message }) => Effect.succeed({ away: message })",
    replace: "LogUnavailable: () => Effect.succeed({ positions: [] })",
    caughtBy: { seeds: 20, says: /an acknowledged point .* is not in the log/ },
  },
  {
    name: "resend put after newer events",
    wrong: "After an append of unknown outcome, newer events of the run go first.",
    file: "gateways/ingest/appender.ts",
    find: "await pause(this.#run, delay, this.#stopping.signal)\n    }",
    replace: `const newer = [...this.#queues.values()].flatMap((queue) => queue.splice(0))
      if (newer.length > 0) await this.#appendSome(newer)
      await pause(this.#run, delay, this.#stopping.signal)
    }`,
    caughtBy: {
      test: "tests/unit/ingest-gateway.test.ts",
      named: "and its answer is lost, the very same events are appended again before anything newer",
      says: /expected false to be true[^]*ingest-gateway\.test/,
    },
  },
  {
    name: "resend counts as something new",
    wrong: "A frame that the client sends again on its connection gets numbers of its own.",
    file: "gateways/ingest/stock-dialect.ts",
    find: "if (this.#last?.identity.equals(identity) === true) return this.#last.reply",
    replace: "",
    caughtBy: {
      test: "tests/unit/ingest-gateway.test.ts",
      named: "equal to the one before it is the same frame",
      says: /expected \[ 'a', 'a', 'b', 'a' \] to deeply equal/,
    },
  },
  {
    name: "resent frame of the SDK counts again",
    wrong: "Frames of matyan.v1 are numbered by connection, not by what their writer says.",
    file: "gateways/ingest/frame-dialect.ts",
    find: "writer: frame.writer,",
    replace: "writer: this.#shared.newId(),",
    caughtBy: { seeds: 20, says: /was sent on 1 connections counts 2 times/ },
  },
  {
    name: "names count a repeat",
    wrong: "A rename that stands in the log twice releases its name twice, so a name means another id to each gateway.",
    file: "domain/names.ts",
    find: "if (!this.#isNew(event.meta)) return",
    replace: "this.#isNew(event.meta)",
    caughtBy: {
      test: "tests/unit/names.test.ts",
      named: "Law 2: is the same after an event that was appended again",
      says: /to be 'e1'/,
    },
  },
  {
    name: "discard restored where it stood",
    wrong: "A discard restored from a backup names the place that the record had there.",
    file: "infra/backup/log-restore.ts",
    find: "if (now !== undefined) yield { ...event, data: { ...now, reason: event.data.reason } }",
    replace: "if (now !== undefined) yield event",
    caughtBy: {
      test: "tests/unit/backup-log.test.ts",
      named: "a discarded dead letter stays discarded where its record stands now",
      says: /to contain '\["discarded","data-ingestion",0,2\]'/,
    },
  },
  {
    name: "names ready before the log is read",
    wrong: "A gateway binds names before it has read which ids the log has given them.",
    file: "gateways/names.ts",
    find: "if (progress.next >= end) yield* Deferred.succeed(ready, undefined)",
    replace: "yield* Deferred.succeed(ready, undefined)",
    caughtBy: {
      test: "tests/unit/names-ready.test.ts",
      named: "names are ready when all is known",
      says: /expected \[ undefined/,
    },
  },
  {
    name: "names bound without their bearers",
    wrong: "A gateway binds a name to the id that is made from it, though another entity was given the name since.",
    file: "domain/names.ts",
    find: "if (bearer !== undefined) return bearer",
    replace: "void bearer",
    caughtBy: {
      test: "tests/property/gateways.test.ts",
      named: "come to one id for every name",
      says: /Got AssertionError: expected \[ undefined/,
    },
  },
]
