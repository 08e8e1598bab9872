/**
 * The log's rows. A record: topic (one byte), partition (2 bytes), offset (6 bytes), all big-endian → length of the key
 * (4 bytes), key (UTF-8), event. Rows that begin with `ff`: the log's own.
 */
import type { Partition } from "../../domain/ports/event-log.ts"
import type { Topic } from "../../events/define.ts"
import type { BytesDatabase } from "./snapshot.ts"
import type { StoredRecord } from "../avro/decode-records.ts"

export const partitionsRow = Buffer.from("\xffpartitions", "latin1")
export const writerRow = Buffer.from("\xffwriter", "latin1")

const topicByte: Readonly<Record<Topic, number>> = { "control-events": 1, "data-ingestion": 2 }

export const recordKey = ({ topic, partition }: Partition, offset: number): Uint8Array => {
  const key = Buffer.allocUnsafe(9)
  key[0] = topicByte[topic]
  key.writeUInt16BE(partition, 1)
  key.writeUIntBE(offset, 3, 6)
  return key
}

export const recordValue = (key: string, bytes: Uint8Array): Uint8Array => {
  const keyLength = Buffer.byteLength(key)
  const value = Buffer.allocUnsafe(4 + keyLength + bytes.length)
  value.writeUInt32BE(keyLength)
  value.write(key, 4)
  value.set(bytes, 4 + keyLength)
  return value
}

/** Records of a partition from an offset on, until there are `limits.records` or their bytes reach `limits.bytes`. */
export const readRecords = (
  db: BytesDatabase,
  partition: Partition,
  { from, to }: { readonly from: number; readonly to: number },
  limits: { readonly records: number; readonly bytes: number },
): readonly StoredRecord[] => {
  const records: StoredRecord[] = []
  let read = 0
  for (const { value } of db.getRange({
    start: recordKey(partition, from),
    end: recordKey(partition, to),
    limit: limits.records,
  })) {
    const row = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    const keyEnd = 4 + row.readUInt32BE()
    records.push({ offset: from + records.length, key: row.toString("utf8", 4, keyEnd), bytes: row.subarray(keyEnd) })
    read += row.length
    if (read >= limits.bytes) break
  }
  return records
}

/** The offset after the last record of a partition. */
export const endOf = (db: BytesDatabase, partition: Partition): number => {
  const range = {
    start: recordKey(partition, lastOffset),
    end: recordKey(partition, 0),
    reverse: true,
    inclusiveEnd: true,
    limit: 1,
  }
  for (const key of db.getKeys(range)) return Buffer.from(key).readUIntBE(3, 6) + 1
  return 0
}

/** Above every offset. */
export const lastOffset = 2 ** 48 - 1
