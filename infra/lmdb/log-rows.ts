/**
 * The log's rows. A record: topic (one byte), partition (2 bytes), offset (6 bytes), all big-endian → length of the key
 * (4 bytes) with its highest bit set, key (UTF-8), event, CRC-32 of all that (4 bytes). LMDB has no checksums, and a bit that
 * a disk has lost would else be a value that nobody logged. Records of earlier versions have neither bit nor checksum. Rows
 * that begin with `ff`: the log's own.
 */
import { crc32 } from "node:zlib"
import { type Partition, partitionName } from "../../domain/ports/event-log.ts"
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
  const end = 4 + keyLength + bytes.length
  const value = Buffer.allocUnsafe(end + 4)
  value.writeUInt32BE((keyLength | hasChecksum) >>> 0)
  value.write(key, 4)
  value.set(bytes, 4 + keyLength)
  value.writeUInt32BE(crc32(value.subarray(0, end)), end)
  return value
}

/** A key is never so long. */
const hasChecksum = 0x8000_0000

/**
 * Records of a partition from an offset on, until there are `limits.records` or their bytes reach `limits.bytes`. Throws where
 * one is missing among them: to go on would shift all that follow.
 */
export const readRecords = (
  db: BytesDatabase,
  partition: Partition,
  { from, to }: { readonly from: number; readonly to: number },
  limits: { readonly records: number; readonly bytes: number },
): readonly StoredRecord[] => {
  const records: StoredRecord[] = []
  let read = 0
  let last = from - 1
  for (const { key, value } of db.getRange({
    start: recordKey(partition, from),
    end: recordKey(partition, to),
    limit: limits.records,
  })) {
    last = offsetOf(key)
    records.push(storedRecord(from + records.length, value))
    read += value.length
    if (read >= limits.bytes) break
  }
  if (last !== from + records.length - 1)
    throw new Error(`the log is damaged: ${partitionName(partition)} lacks records between ${from} and ${last}`)
  return records
}

/** The record at an offset of a partition, if there is one. */
export const readRecord = (db: BytesDatabase, partition: Partition, offset: number): StoredRecord | undefined => {
  if (!(Number.isInteger(offset) && offset >= 0 && offset < lastOffset && partition.partition <= lastPartition)) return undefined
  const value = db.get(recordKey(partition, offset))
  return value === undefined ? undefined : storedRecord(offset, value)
}

const storedRecord = (offset: number, value: Uint8Array): StoredRecord => {
  const row = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const length = row.readUInt32BE()
  const keyEnd = 4 + (length & ~hasChecksum)
  if (length < hasChecksum) return { offset, key: row.toString("utf8", 4, keyEnd), bytes: row.subarray(keyEnd) }
  const end = row.length - 4
  const record = { offset, key: row.toString("utf8", 4, Math.min(keyEnd, end)), bytes: row.subarray(keyEnd, end) }
  return crc32(row.subarray(0, end)) === row.readUInt32BE(end) ? record : { ...record, damage: damaged }
}

const damaged = "the record is damaged: its checksum is another"

/** The offset after the last record of a partition. */
export const endOf = (db: BytesDatabase, partition: Partition): number => {
  const range = {
    start: recordKey(partition, lastOffset),
    end: recordKey(partition, 0),
    reverse: true,
    inclusiveEnd: true,
    limit: 1,
  }
  for (const key of db.getKeys(range)) return offsetOf(key) + 1
  return 0
}

const offsetOf = (key: Uint8Array): number => Buffer.from(key.buffer, key.byteOffset, key.byteLength).readUIntBE(3, 6)

/** Above every offset. */
export const lastOffset = 2 ** 48 - 1
const lastPartition = 2 ** 16 - 1
